//! `hirewire member create|list|reset-password`. Passwords are read from standard input, or made and printed.
//!
//! A password that is printed is the password: where none was set, none is.

use std::io::IsTerminal as _;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use clap::{Args, Subcommand};

use super::organisation::told;
use super::{context, context_and_config, table};
use crate::actions::organisation::{Created, NewMember, create_member, reset_password};
use crate::actions::{ActionError, password};
use crate::config::{AddressSettings, Config, DatabaseSettings, Settings};
use crate::domain::ids::OrganisationId;
use crate::domain::member::Membership;
use crate::domain::role::Role;
use crate::domain::secret::Plain;
use crate::server::CannotStart;
use crate::store;
use crate::web::paths;

#[derive(Debug, Args)]
pub(super) struct Member {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a member. The password is the first line of standard input; without one it is made and printed, and has to be
    /// changed at the first log-in. When the address has an account already, print a link with which its holder joins.
    Create {
        /// In which organisation: org_….
        #[arg(long)]
        organisation: OrganisationId,
        /// Their e-mail address.
        #[arg(long)]
        email: String,
        /// Their name.
        #[arg(long)]
        name: String,
        /// admin, recruiter or support.
        #[arg(long, value_parser = role)]
        role: Role,
        #[command(flatten)]
        address: AddressSettings,
        #[command(flatten)]
        settings: DatabaseSettings,
    },
    /// List the members of an organisation, or of all.
    List {
        /// Of which organisation: org_…; of all when not given.
        #[arg(long)]
        organisation: Option<OrganisationId>,
        /// Print one JSON array instead of columns.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        settings: DatabaseSettings,
    },
    /// Give a member a new password and end their sessions, wherever they are logged in. Read or made as with create.
    ResetPassword {
        /// Their e-mail address.
        #[arg(long)]
        email: String,
        #[command(flatten)]
        settings: DatabaseSettings,
    },
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| "use admin, recruiter or support".into())
}

impl Member {
    pub(super) async fn run(self) -> Result<(), CannotStart> {
        let made = match self.command {
            Command::Create { organisation, email, name, role, address, settings } => {
                let (password, made) = read_or_make()?;
                let new = NewMember {
                    organisation,
                    email: email.clone(),
                    name,
                    role,
                    password: password.clone(),
                    is_printed: made,
                };
                let settings = Settings { address, ..settings.into() };
                let (context, config) = context_and_config(settings).await?;
                match create_member(&context, new).await.map_err(told)? {
                    Created::Member(id) => println!("{id}"),
                    Created::Invited(secret) => {
                        tell_of_invitation(&email, &config, &secret);
                        return Ok(());
                    }
                }
                made.then_some(password)
            }
            Command::List { organisation, json, settings } => return list(settings, organisation, json).await,
            Command::ResetPassword { email, settings } => {
                let (password, made) = read_or_make()?;
                let ended = reset_password(&context(settings).await?, &email, &password, made).await.map_err(told)?;
                eprintln!("The old password of {email} opens nothing any more. Sessions that were ended: {ended}.");
                made.then_some(password)
            }
        };
        if let Some(password) = made {
            println!("password: {}", password.reveal());
            eprintln!("It has to be changed at the first log-in.");
        }
        Ok(())
    }
}

async fn list(settings: DatabaseSettings, organisation: Option<OrganisationId>, json: bool) -> Result<(), CannotStart> {
    let context = context(settings).await?;
    let read = context.store.read(move |conn| {
        let all = match organisation {
            Some(id) => vec![store::organisation::find(conn, &id)?.ok_or(ActionError::NotFound)?],
            None => store::organisation::all(conn)?,
        };
        let mut rows = Vec::new();
        for organisation in all {
            for Membership { member, role, last_seen_at, .. } in store::member::list(conn, &organisation.id)? {
                let seen = last_seen_at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
                let (id, role) = (member.id.to_string(), role.as_str().to_owned());
                let place = organisation.id.to_string();
                rows.push(vec![Some(id), Some(member.email), Some(member.name), Some(role), Some(place), seen]);
            }
        }
        Ok::<_, ActionError>(rows)
    });
    let rows = read.await.map_err(told)?;
    table::print(&["id", "email", "name", "role", "organisation", "last_seen"], &rows, json);
    Ok(())
}

/// An address that has an account gets no password: somebody else may have made it.
fn tell_of_invitation(email: &str, config: &Config, secret: &Plain) {
    eprintln!(
        "{email} has an account already, so nobody was added and no password was set. Hand this link to them, and to nobody \
         else: whoever opens it within seven days joins."
    );
    println!("invitation: {}{}", config.console_address().unwrap_or_default(), paths::invitation(secret.reveal()));
}

/// How long standard input may say nothing before whoever waits in front of the terminal is told what is awaited.
const SILENCE: Duration = Duration::from_millis(500);

fn read_or_make() -> Result<(Plain, bool), CannotStart> {
    let typed = if std::io::stdin().is_terminal() { String::new() } else { read()? };
    let typed = typed.trim_end_matches(['\r', '\n']);
    Ok(if typed.is_empty() { (password::generate(), true) } else { (Plain::new(typed.to_owned()), false) })
}

/// The first line of a file or pipe. A pipe that stays open and silent is waited for, aloud.
fn read() -> Result<String, CannotStart> {
    let unreadable = |error: &dyn std::fmt::Display| {
        CannotStart(format!("The password could not be read from standard input: {error}."))
    };
    let (line, lines) = mpsc::channel();
    std::thread::spawn(move || {
        let mut typed = String::new();
        // Nobody listens any more when the program is ending.
        let _ = line.send(std::io::stdin().read_line(&mut typed).map(|_| typed));
    });
    let read = match lines.recv_timeout(SILENCE) {
        Err(RecvTimeoutError::Timeout) => {
            eprintln!(
                "Waiting for the password on standard input: one line. Add </dev/null to have one made and printed."
            );
            lines.recv().map_err(|error| unreadable(&error))?
        }
        read => read.map_err(|error| unreadable(&error))?,
    };
    read.map_err(|error| unreadable(&error))
}
