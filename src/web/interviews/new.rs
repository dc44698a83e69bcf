//! An interview made by hand.

use crate::actions::interview::{InterviewForm, create};
use crate::web::form::{Choice, TextField};
use crate::web::prelude::*;

/// The form.
pub async fn show(visit: Visit) -> Answer {
    let typed = InterviewForm { token: token(), ..InterviewForm::empty() };
    Ok(page(&visit, &typed, Errors::default()).await?.ok())
}

/// Makes the interview, and leads to it.
pub async fn submit(visit: Visit, fields: Fields) -> Answer {
    let typed = typed(&fields);
    match create(&visit.app, &visit.viewer, typed.clone()).await {
        Ok(id) => Ok(done::see_other(paths::interview(&id), "The interview was created.")),
        Err(ActionError::Invalid(errors)) => Ok(page(&visit, &typed, Errors(errors)).await?.refused()),
        Err(error) => Err(error.into()),
    }
}

/// What was typed into the fields of an interview.
pub(super) fn typed(fields: &Fields) -> InterviewForm {
    InterviewForm {
        title: fields.one("title").to_owned(),
        vacancy: fields.one("vacancy").to_owned(),
        duration: fields.one("duration").to_owned(),
        expires: fields.one("expires").to_owned(),
        token: fields.one("token").to_owned(),
    }
}

async fn page<'a>(visit: &'a Visit, typed: &InterviewForm, errors: Errors) -> Result<Page<'a>, WebError> {
    let vacancies =
        visit.read(move |conn, viewer| store::vacancy::list(conn, &viewer.organisation.id, viewer.mode)).await?;
    let mut options = vec![(String::new(), "None".to_owned())];
    options.extend(vacancies.into_iter().map(|(vacancy, _)| (vacancy.id.to_string(), vacancy.title)));
    let form = Form { typed, vacancies: &options, errors: &errors };
    Ok(visit.page("New interview", Nav::Interviews, form))
}

struct Form<'a> {
    typed: &'a InterviewForm,
    vacancies: &'a [(String, String)],
    errors: &'a Errors,
}

impl Render for Form<'_> {
    fn render(&self) -> Markup {
        let lede = html! { "Candidates are invited on its page. Where its events go is set on its Settings tab." };
        html! {
            (self.errors.summary())
            (Head::below(Nav::Interviews, "New interview").lede(lede))
            form.form method="post" action=(paths::NEW_INTERVIEW) novalidate {
                (token_field(&self.typed.token))
                (title(self.typed, self.errors))
                (Choice {
                    name: "vacancy", label: "Vacancy", hint: "The vacancy whose candidates you will invite (optional).",
                    options: self.vacancies, value: &self.typed.vacancy, error: self.errors.of("vacancy"),
                })
                (times(self.typed, self.errors))
                div.row { button.btn.main { "Create interview" } a.btn href=(paths::INTERVIEWS) { "Cancel" } }
            }
        }
    }
}

/// The field of the title.
pub(super) fn title(typed: &InterviewForm, errors: &Errors) -> Markup {
    TextField { name: "title", label: "Title", hint: "", value: &typed.title, error: errors.of("title") }.render()
}

/// The fields of the times.
pub(super) fn times(typed: &InterviewForm, errors: &Errors) -> Markup {
    html! {
        (TextField {
            name: "duration", label: "Planned duration in minutes", hint: "", value: &typed.duration,
            error: errors.of("duration"),
        })
        (TextField {
            name: "expires", label: "Minutes until a started session expires",
            hint: "A session that was started and is not completed by then becomes abandoned automatically.",
            value: &typed.expires, error: errors.of("expires"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::FieldError;

    #[test]
    fn a_refused_form_keeps_what_was_typed_and_says_beside_the_field_what_is_wrong() {
        let typed = InterviewForm { title: "O'Brien <b>✨".into(), vacancy: "job_2".into(), ..InterviewForm::empty() };
        let options = [(String::new(), "None".to_owned()), ("job_2".into(), "Engineer".into())];
        let errors = Errors(vec![FieldError::new("expires", "Enter whole minutes")]);
        let page = Form { typed: &typed, vacancies: &options, errors: &errors }.render().0;
        assert!(page.contains(r##"<a href="#expires">Enter whole minutes</a>"##), "{page}");
        assert!(page.contains(r#"value="O'Brien &lt;b&gt;✨""#) || page.contains("O&#39;Brien &lt;b&gt;✨"), "{page}");
        assert!(page.contains(r#"<option value="job_2" selected>Engineer</option>"#), "{page}");
        assert!(page.contains(r#"aria-describedby="expires-hint expires-error""#) && page.contains(r#"value="30""#));
    }
}
