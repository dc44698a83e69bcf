//! Recording what came of a session: as a JSON file with all there is, or as a few fields.

use actix_multipart::Multipart;

use super::session::Known;
use super::who;
use crate::actions::{FieldError, interview};
use crate::domain::ids::{InterviewId, SessionId};
use crate::domain::interview::result::{Evaluation, MAX_BYTES, Scores, SessionResult, Summary};
use crate::web::form::{TextField, describedby, wrong};
use crate::web::prelude::*;
use crate::web::upload;

/// A text of the form has at most so many characters.
const MAX_TEXT_LEN: usize = 1_000;

/// The page.
pub async fn show(visit: Visit, Path((of, id)): Path<(InterviewId, SessionId)>) -> Answer {
    let known = Known::load(&visit, of.clone(), id.clone()).await?;
    if !known.session.state.is_open() {
        return Ok(see_other(paths::session(&known.interview.id, &known.session.id)));
    }
    Ok(page(&visit, &known, &Typed::default(), Errors::default()).ok())
}

/// Records the result, and leads to the session; or shows the form again with everything that was typed.
pub async fn submit(visit: Visit, Path((of, id)): Path<(InterviewId, SessionId)>, multipart: Multipart) -> Answer {
    let known = Known::load(&visit, of.clone(), id.clone()).await?;
    let sent = upload::read(multipart, "file", MAX_BYTES).await?;
    let typed = Typed::of(&sent.fields);
    let read = if sent.fields.one("as") == "fields" { typed.read() } else { file(&sent) };
    let result = match read {
        Ok(result) => result,
        Err(errors) => return Ok(page(&visit, &known, &typed, Errors(errors)).refused()),
    };
    match interview::record(&visit.app, &visit.viewer, of.clone(), id.clone(), result).await {
        // It ended meanwhile, or the form was sent twice: its page says how it stands.
        Err(ActionError::Refused(_)) => Ok(see_other(paths::session(&of, &id))),
        Ok(()) => Ok(done::see_other(paths::session(&of, &id), "The result was recorded.")),
        Err(error) => Err(error.into()),
    }
}

fn file(sent: &upload::Uploaded) -> Result<SessionResult, Vec<FieldError>> {
    let wrong = |message: &str| Err(vec![FieldError::new("file", message)]);
    if sent.broken_off {
        return wrong("The file did not arrive whole; nothing of it was taken. Send it again");
    }
    if sent.too_large {
        return wrong("The file is larger than 1 MiB, which no result is");
    }
    if sent.bytes.is_empty() {
        return wrong("Choose a JSON file with the result");
    }
    SessionResult::parse(&sent.bytes).map_err(|error| vec![FieldError::new("file", error)])
}

/// What was typed into the fields.
#[derive(Debug, Clone, Default)]
struct Typed {
    scores: [String; 3],
    summary: String,
    strengths: String,
    concerns: String,
}

/// The fields of the scores and their labels.
const SCORES: [(&str, &str); 3] = [("overall", "Overall"), ("interview", "Interview"), ("resume", "Résumé")];

impl Typed {
    fn of(fields: &Fields) -> Self {
        let text = |name: &str| fields.one(name).to_owned();
        let [overall, interview, resume] = SCORES.map(|(name, _)| text(name));
        let scores = [overall, interview, resume];
        Self { scores, summary: text("summary"), strengths: text("strengths"), concerns: text("concerns") }
    }

    fn read(&self) -> Result<SessionResult, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut scores = [None; 3];
        for ((score, typed), (name, _)) in scores.iter_mut().zip(&self.scores).zip(SCORES) {
            let typed = typed.trim().replace(',', ".");
            let number: Option<f64> = typed.parse().ok();
            match number.filter(|number| (0.0..=100.0).contains(number)) {
                Some(number) => *score = Some(number),
                None if typed.is_empty() => {}
                None => errors.push(FieldError::new(name, "Enter a number from 0 to 100, or nothing")),
            }
        }
        let texts = [("summary", &self.summary), ("strengths", &self.strengths), ("concerns", &self.concerns)];
        for (name, typed) in texts {
            if typed.chars().count() > MAX_TEXT_LEN {
                errors.push(FieldError::new(name, format!("Shorten this to at most {MAX_TEXT_LEN} characters")));
            }
        }
        let [overall, interview, resume] = scores;
        let is_empty = scores.iter().all(Option::is_none) && texts.iter().all(|(_, typed)| typed.trim().is_empty());
        if is_empty && errors.is_empty() {
            errors.push(FieldError::new("overall", "Enter at least one score or one sentence"));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let summary = Summary {
            text: Some(self.summary.trim().to_owned()).filter(|text| !text.is_empty()),
            strengths: several(&self.strengths),
            concerns: several(&self.concerns),
        };
        let evaluation = (summary != Summary::default()).then(|| Evaluation { summary, ..Evaluation::default() });
        Ok(SessionResult { scores: Scores { overall, interview, resume }, evaluation, ..SessionResult::default() })
    }
}

fn several(typed: &str) -> Vec<String> {
    typed.split(';').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect()
}

fn page<'a>(visit: &'a Visit, known: &Known, typed: &Typed, errors: Errors) -> Page<'a> {
    let body = Form { known, viewer: &visit.viewer, typed, errors };
    visit.page("Record result", Nav::Interviews, body).in_mode(known.interview.mode)
}

struct Form<'a> {
    known: &'a Known,
    viewer: &'a Viewer,
    typed: &'a Typed,
    errors: Errors,
}

impl Render for Form<'_> {
    fn render(&self) -> Markup {
        let Known { interview, session, candidate, .. } = self.known;
        let (name, _) = who(self.viewer, candidate);
        let lede = html! {
            "It completes the session of " bdi { (name) } ", and " code { "interview.completed" } " goes out at once. A result cannot be changed later."
        };
        html! {
            (self.errors.summary())
            (Head::below(Nav::Interviews, "Record result")
                .under(&interview.title, paths::interview(&interview.id))
                .under(&name, paths::session(&interview.id, &session.id))
                .lede(lede))
            (part("From a file", html! { "JSON, with all there is" }, self.file()))
            (part("By hand", html! { "Scores and a few sentences" }, self.fields()))
        }
    }
}

impl Form<'_> {
    fn action(&self) -> String {
        paths::session_result(&self.known.interview.id, &self.known.session.id)
    }

    fn cancel(&self) -> Markup {
        html! { a.btn href=(paths::session(&self.known.interview.id, &self.known.session.id)) { "Cancel" } }
    }

    fn file(&self) -> Markup {
        let error = self.errors.of("file");
        html! {
            form.form method="post" enctype="multipart/form-data" action=(self.action()) novalidate {
                div.field {
                    label for="file" { "Result file" }
                    p.soft.small #file-hint { "Any of the groups below; what is not in it goes out as null. Up to 1 MiB." }
                    (wrong("file", error))
                    input #file name="file" type="file" accept=".json" aria-invalid=[error.map(|_| "true")]
                        aria-describedby=(describedby("file", "hint", error));
                }
                div.row { input type="hidden" name="as" value="file"; button.btn.main { "Record from file" } (self.cancel()) }
            }
            details.small {
                summary { "What the file may hold" }
                (code::figure("Example result", html! { strong { "Example" } " scores are from 0 to 100" }, code::json(EXAMPLE.as_bytes()), false))
            }
        }
    }

    fn fields(&self) -> Markup {
        let text = |name: &'static str, label: &'static str, hint: &'static str, value| TextField {
            name,
            label,
            hint,
            value,
            error: self.errors.of(name),
        };
        html! {
            form.form method="post" enctype="multipart/form-data" action=(self.action()) novalidate {
                @for ((name, label), typed) in SCORES.into_iter().zip(&self.typed.scores) { (text(name, label, "", typed)) }
                (text("summary", "Summary", "", &self.typed.summary))
                (text("strengths", "Strengths", "Several are separated by semicolons.", &self.typed.strengths))
                (text("concerns", "Concerns", "Several are separated by semicolons.", &self.typed.concerns))
                div.row { input type="hidden" name="as" value="fields"; button.btn { "Record result" } (self.cancel()) }
            }
        }
    }
}

/// Every group with every field.
const EXAMPLE: &str = r#"{"session":{"type":"video","startedAt":"2026-11-20T09:30:00Z","endedAt":"2026-11-20T09:51:00Z","durationSeconds":1260,"recordingUrl":null,"thumbnailUrl":null,"resumeUrl":null},
"validation":{"passed":true,"reason":"Identity confirmed","checkedAt":"2026-11-20T09:30:05Z"},
"scores":{"overall":87,"interview":88.5,"resume":84},
"integrity":{"score":96,"riskLevel":"low","flags":[]},
"evaluation":{"performanceSummary":"Explains trade-offs before she is asked.","categoryScores":{"communication":91,"technicalKnowledge":86,"problemSolving":89,"experience":84,"motivation":90},
"languageProficiency":{"language":"English","overall":90,"fluency":91,"vocabulary":90,"grammar":88},
"summary":{"text":"A strong candidate.","strengths":["Clear under pressure"],"concerns":["Little experience with Kafka"]},"customScores":[{"name":"Team fit","score":80}]},
"resumeEvaluation":{"overallScore":84,"criteria":[{"name":"Experience","score":88}],"highlights":["Led a migration of 40 services"]},
"transcript":[{"speaker":"interviewer","offsetSeconds":0,"text":"Why do you want to join us?"},{"speaker":"candidate","offsetSeconds":3.5,"text":"I like short feedback loops."}]}"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::interviews::session::sample;

    #[test]
    fn the_example_is_a_result() {
        SessionResult::parse(EXAMPLE.as_bytes()).expect("a result");
    }

    #[test]
    fn fields_become_a_result() {
        let fields = Fields::parse("overall=87,5&resume=&strengths=Clear ✨; Kind;&summary= O'Brien ".as_bytes());
        let result = Typed::of(&fields).read().expect("a result");
        assert_eq!((result.scores.overall, result.scores.resume), (Some(87.5), None));
        let summary = result.evaluation.expect("words").summary;
        assert_eq!((summary.text.as_deref(), summary.strengths.len(), summary.concerns.len()), (Some("O'Brien"), 2, 0));
    }

    #[test]
    fn what_is_no_score_is_refused_beside_its_field_and_everything_typed_is_kept() {
        let typed = Typed::of(&Fields::parse("overall=101&interview=x&summary=<b>محمد".as_bytes()));
        let errors = typed.read().expect_err("no scores");
        assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), ["overall", "interview"]);
        let known = sample::invited();
        let viewer = crate::web::samples::viewer(Role::Recruiter);
        let page = Form { known: &known, viewer: &viewer, typed: &typed, errors: Errors(errors) }.render().0;
        assert!(page.contains(r#"value="101""#) && page.contains("value=\"&lt;b&gt;محمد\""), "{page}");
        assert!(page.contains(r##"<a href="#overall">Enter a number from 0 to 100"##), "{page}");
        assert!(Typed::default().read().is_err(), "an empty form is no result");
    }
}
