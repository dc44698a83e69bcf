//! The partner API: `/v1/partner/…`, Bearer keys, one error shape (T11).
//!
//! Hooks are configured in the console only: there is no route for them here (T2).

pub mod error;
pub mod events;
pub mod key;
pub mod limit;

use actix_web::http::header::X_CONTENT_TYPE_OPTIONS;
use actix_web::middleware::DefaultHeaders;
use actix_web::web;

/// Adds the partner API to the server.
pub fn configure(server: &mut web::ServiceConfig) {
    server.service(
        web::scope("/v1/partner")
            .wrap(actix_web::middleware::from_fn(error::with_request_id))
            // JSON is nothing else, whoever looks at it.
            .wrap(DefaultHeaders::new().add((X_CONTENT_TYPE_OPTIONS, "nosniff")))
            .service(
                web::resource("/events")
                    .route(web::post().to(events::report))
                    .default_service(web::to(error::no_such_method)),
            )
            .default_service(web::to(error::no_such_route)),
    );
}
