//! Public verification libraries, unchanged, in their own languages.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::demo::{Received, setting};

/// Which libraries accept a request, and which refuse it.
#[derive(Debug)]
pub struct Verdict {
    /// Names and versions.
    pub accepted: Vec<String>,
    /// Names and reasons.
    pub refused: Vec<String>,
}

/// Asks the libraries of Node and Python.
pub fn verify(request: &Received, secret: &str, key: &str) -> Verdict {
    let headers: serde_json::Map<String, Value> =
        request.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let question = json!({"headers": headers, "body_b64": request.body_base64, "secret": secret, "key": key});
    let mut verdict = Verdict { accepted: Vec::new(), refused: Vec::new() };
    for verifier in ["HIREWIRE_TEST_NODE_VERIFIER", "HIREWIRE_TEST_PYTHON_VERIFIER"] {
        let answer = ask(&setting(verifier), &question);
        let texts = |value: &Value| {
            value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
        };
        verdict.accepted.extend(texts(&answer["verified"]));
        verdict
            .refused
            .extend(answer["refused"].as_object().into_iter().flatten().map(|(name, why)| format!("{name}: {why}")));
    }
    verdict
}

fn ask(program: &str, question: &Value) -> Value {
    let mut child =
        Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the verifier starts");
    child.stdin.take().expect("piped").write_all(question.to_string().as_bytes()).expect("the question is taken");
    let output = child.wait_with_output().expect("the verifier ends");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{program} answered no JSON ({error}): {}", String::from_utf8_lossy(&output.stdout))
    })
}
