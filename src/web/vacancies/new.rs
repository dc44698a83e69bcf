//! A vacancy made by hand.

use crate::actions::vacancy::{NewVacancy, create};
use crate::web::form::TextField;
use crate::web::prelude::*;

/// The form.
pub async fn show(visit: Visit) -> HttpResponse {
    let typed = NewVacancy { token: token(), ..NewVacancy::default() };
    page(&visit, Form { typed: &typed, errors: Errors::default() }).ok()
}

/// Makes the vacancy, and leads to it.
pub async fn submit(visit: Visit, fields: Fields) -> Answer {
    let typed = NewVacancy {
        title: fields.one("title").to_owned(),
        reference: fields.one("reference").to_owned(),
        department: fields.one("department").to_owned(),
        location: fields.one("location").to_owned(),
        token: fields.one("token").to_owned(),
    };
    match create(&visit.app, &visit.viewer, typed.clone()).await {
        Ok(id) => Ok(done::see_other(paths::vacancy(id), "The vacancy was created.")),
        Err(ActionError::Invalid(errors)) => Ok(page(&visit, Form { typed: &typed, errors: Errors(errors) }).refused()),
        Err(error) => Err(error.into()),
    }
}

fn page<'a>(visit: &'a Visit, form: Form<'_>) -> Page<'a> {
    visit.page("New vacancy", Nav::Vacancies, form)
}

struct Form<'a> {
    typed: &'a NewVacancy,
    errors: Errors,
}

impl Form<'_> {
    fn field<'a>(&'a self, name: &'a str, label: &'a str, hint: &'a str, value: &'a str) -> TextField<'a> {
        TextField { name, label, hint, value, error: self.errors.of(name) }
    }
}

impl Render for Form<'_> {
    fn render(&self) -> Markup {
        let lede = html! { "It is open at once. Candidates come into it from a file, or through the partner API." };
        html! {
            (self.errors.summary())
            (Head::below(Nav::Vacancies, "New vacancy").lede(lede))
            form.form method="post" action=(paths::NEW_VACANCY) novalidate {
                (token_field(&self.typed.token))
                (self.field("title", "Title", "", &self.typed.title))
                (self.field("reference", "Reference", "Your own, such as ENG-2026-114. It may stay empty, and so may the rest.", &self.typed.reference))
                (self.field("department", "Department", "", &self.typed.department))
                (self.field("location", "Location", "In words, such as Dublin or remote in the EU.", &self.typed.location))
                div.row { button.btn.main { "Create vacancy" } a.btn href=(paths::VACANCIES) { "Cancel" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::FieldError;

    #[test]
    fn a_refused_form_keeps_what_was_typed_and_says_beside_the_field_what_is_wrong() {
        let typed = NewVacancy { reference: "<b>✨".into(), token: "t0ken".into(), ..NewVacancy::default() };
        let errors = Errors(vec![FieldError::new("title", "Enter the title of the vacancy")]);
        let page = Form { typed: &typed, errors }.render().0;
        assert!(page.contains(r##"<a href="#title">Enter the title of the vacancy</a>"##));
        assert!(page.contains(r#"aria-describedby="title-error""#) && page.contains(r#"value="&lt;b&gt;✨""#));
        assert!(page.contains(r#"name="token" value="t0ken""#));
    }
}
