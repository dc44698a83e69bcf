//! What came in and how it was answered, counted by route and status: for `/metrics`.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::web::paths;

/// The route of what has none: somebody tries addresses.
const NO_ROUTE: &str = "none";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    /// The method and the address with `{…}` for ids, so that there are no more of them than routes.
    route: String,
    code: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SignIn {
    outcome: &'static str,
}

/// Counts since the start of the process.
#[derive(Debug, Clone, Default)]
pub(super) struct Requests {
    answers: Family<Answer, Counter>,
    sign_ins: Family<SignIn, Counter>,
}

impl Requests {
    /// Names each of them for the operator. The library adds the full stop.
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "hirewire_requests",
            "Requests by route and the status of their answer",
            self.answers.clone(),
        );
        registry.register("hirewire_sign_ins", "Attempts to log in, by what came of them", self.sign_ins.clone());
    }

    fn count(&self, method: &Method, pattern: Option<&str>, status: StatusCode) {
        let route = pattern.map_or_else(|| NO_ROUTE.to_owned(), |pattern| format!("{method} {pattern}"));
        if *method == Method::POST && pattern == Some(paths::LOGIN) {
            let outcome = match status {
                _ if status.is_redirection() => "succeeded",
                _ if status.is_server_error() => "failed",
                _ => "refused",
            };
            self.sign_ins.get_or_create(&SignIn { outcome }).inc();
        }
        self.answers.get_or_create(&Answer { route, code: status.as_u16() }).inc();
    }
}

/// Counts a request when it has its answer.
pub(super) async fn counted<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let requests = request.app_data::<web::Data<Requests>>().cloned();
    // Methods that HTTP does not know are one.
    let method = match request.method() {
        known @ (&Method::GET | &Method::HEAD | &Method::POST | &Method::PUT | &Method::PATCH | &Method::DELETE) => {
            known.clone()
        }
        _ => Method::OPTIONS,
    };
    let answered = next.call(request).await;
    if let Some(requests) = requests {
        match &answered {
            Ok(response) => requests.count(&method, response.request().match_pattern().as_deref(), response.status()),
            Err(error) => requests.count(&method, None, error.as_response_error().status_code()),
        }
    }
    answered
}
