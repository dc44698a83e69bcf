//! Roles and what each may do: the table of the product page on the console, as code.

use super::words::words;

words! {
    /// What a member is in an organisation.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Role {
        /// Connects hooks, holds keys and secrets, manages members.
        Admin = "admin", "Organisation Admin";
        /// Works with vacancies and candidates and exports them.
        Recruiter = "recruiter", "Recruiter";
        /// Answers "did it arrive, and if not, why?"; sees personal data masked.
        Support = "support", "Support";
    }
}

/// Something a role may or may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Create, pause, replace and delete hooks; see, make and end their keys and secrets; send tests.
    ManageHooks,
    /// See hooks, read-only.
    ViewHooks,
    /// Create and revoke API keys.
    ManageApiKeys,
    /// Read vacancies and candidates.
    ViewVacancies,
    /// Create vacancies, import and edit candidates.
    ManageVacancies,
    /// Read interviews and their sessions.
    ViewInterviews,
    /// Create interviews, invite candidates, record results. An interview's own hook is a hook: see
    /// [`Permission::ManageHooks`].
    ManageInterviews,
    /// Send candidates to a hook.
    Export,
    /// Read exports.
    ViewExports,
    /// Read the delivery log. Recruiters see the deliveries of their own exports only.
    ViewLogs,
    /// Retry, cancel and resend deliveries that one may see.
    Resend,
    /// See personal data unmasked without giving a reason (B11).
    SeePersonalData,
    /// Invite members, change their roles, remove them.
    ManageMembers,
    /// Set what concerns the whole organisation, such as whom its members ask for help.
    ManageOrganisation,
    /// The home page and one's own account.
    BeMember,
}

impl Role {
    /// Whether this role has the permission.
    pub fn may(self, permission: Permission) -> bool {
        use Permission::*;
        match self {
            Role::Admin => true,
            Role::Recruiter => matches!(
                permission,
                ViewVacancies
                    | ManageVacancies
                    | ViewInterviews
                    | ManageInterviews
                    | Export
                    | ViewExports
                    | ViewLogs
                    | Resend
                    | SeePersonalData
                    | BeMember
            ),
            Role::Support => {
                matches!(
                    permission,
                    ViewHooks | ViewVacancies | ViewInterviews | ViewExports | ViewLogs | Resend | BeMember
                )
            }
        }
    }

    /// As it stands on pages, with its article: "an Organisation Admin".
    pub fn with_article(self) -> &'static str {
        match self {
            Role::Admin => "an Organisation Admin",
            Role::Recruiter => "a Recruiter",
            Role::Support => "a Support member",
        }
    }

    /// What it is for, for whoever chooses.
    pub fn explanation(self) -> &'static str {
        match self {
            Role::Admin => {
                "Connects webhooks, holds keys and secrets, manages members, and may do whatever the others may."
            }
            Role::Recruiter => "Works with vacancies and candidates, exports them, and follows their own exports.",
            Role::Support => {
                "Answers whether something arrived: reads every delivery, with personal data masked, and sends again."
            }
        }
    }
}
