//! Stylesheet, script and icon: embedded in the binary, under names that hold a hash of their bytes, cached for ever.

use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use sha2::{Digest as _, Sha256};

use crate::domain::signing::hex;

/// A file in the binary.
struct Asset {
    stem: &'static str,
    ending: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

const STYLE: Asset = Asset {
    stem: "app",
    ending: "css",
    kind: "text/css; charset=utf-8",
    bytes: include_bytes!("../../assets/app.css"),
};
const SCRIPT: Asset = Asset {
    stem: "app",
    ending: "js",
    kind: "text/javascript; charset=utf-8",
    bytes: include_bytes!("../../assets/app.js"),
};
const ICON: Asset =
    Asset { stem: "icon", ending: "svg", kind: "image/svg+xml", bytes: include_bytes!("../../assets/icon.svg") };

/// The addresses of the files.
pub struct Links {
    /// The stylesheet.
    pub style: String,
    /// The script.
    pub script: String,
    /// The icon of the browser's tab.
    pub icon: String,
}

/// Where each file is found in this build.
pub static LINKS: LazyLock<Links> =
    LazyLock::new(|| Links { style: STYLE.path(), script: SCRIPT.path(), icon: ICON.path() });

impl Asset {
    fn path(&self) -> String {
        let hash = hex(&Sha256::digest(self.bytes));
        format!("/assets/{}-{}.{}", self.stem, &hash[..12], self.ending)
    }
}

/// Serves a file by its hashed name.
pub async fn serve(name: web::Path<String>) -> HttpResponse {
    let path = format!("/assets/{name}");
    let found = [(&LINKS.style, STYLE), (&LINKS.script, SCRIPT), (&LINKS.icon, ICON)];
    match found.into_iter().find(|(link, _)| **link == path) {
        Some((_, asset)) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, asset.kind))
            .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
            .body(asset.bytes),
        None => HttpResponse::NotFound().finish(),
    }
}
