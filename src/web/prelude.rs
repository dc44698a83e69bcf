//! What nearly every page is written with.

pub use actix_web::{HttpResponse, web};
pub use maud::{Markup, Render, html};

pub use crate::actions::{ActionError, Viewer};
pub use crate::domain::role::{Permission, Role};
pub use crate::store::{self, Conn, StoreError};
pub use crate::web::error::{Answer, WebError};
pub use crate::web::form::{Errors, Fields, token, token_field};
pub use crate::web::icons::icon;
pub use crate::web::layout::{Head, Nav, Page, part};
pub use crate::web::redirect::see_other;
pub use crate::web::status::State;
pub use crate::web::time::LocalTime;
pub use crate::web::ui::Table;
pub use crate::web::visit::{Path, Visit};
pub use crate::web::{code, done, paths};
