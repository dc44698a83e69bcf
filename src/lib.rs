//! Hirewire: the webhook console of a hiring team.
//!
//! # Glossary
//!
//! - **organisation**: a customer. Everything belongs to one; **members** work in it with a **role** (admin, recruiter, support).
//! - **mode**: live or test. Data, webhooks, keys and events of one are never seen in the other.
//! - **hook**: a webhook, as people call it: where an organisation wants requests sent, and which **event types**.
//! - **vacancy**, **candidate**, **interview**, **session**: what a hiring team works with; a session is one candidate's interview.
//! - **event**: something that happened, of a type in the **catalogue**. A member, an API key or the clock caused it.
//! - **field set**: how much of a candidate a hook gets. The **body** is the exact bytes, frozen when the event is recorded.
//! - **route**: the hooks that get an event. An event without one is kept as **unrouted**.
//! - **delivery**: one event for one hook. It is **open** until it ends: *pending*, *retrying*, then *success* or *failed*.
//!   **Owed** is what an open delivery is to its hook; **held** is one that waits because the hook is paused.
//! - **attempt** (or *try*): one request for a delivery, and what came of it. Its failure has one **error class**.
//! - **policy**: how long an attempt waits for an answer and when the next one follows: *Quick*, *Patient*, *Single*.
//! - **lane**: what waits for one hook in memory. A **place** is room for one request under way; lanes take **turns** at places.
//! - **claim**: an instance takes open deliveries from the database, and is then their **holder**; to **release** gives them back.
//! - **settle**: to write down what came of attempts, many at a time.
//! - **intake**: recording events and what is owed for them, many at a time.
//! - **instance**: one process. Several share a PostgreSQL; each says that it lives, and the others **take over** from the dead.
//! - **change**: a note for every instance that something it may have in memory is different now; a **look** reads the new ones.
//! - **guard**: decides by address whether a request may connect there.
//! - **credential**: a hook's signing **secret** or webhook **key**. A **rotation** lets old and new work side by side for a while.
//! - **sealed**: encrypted with the sealing key, so that the database alone tells nothing.
//! - **health**: how a hook's deliveries go. One that goes on failing is warned of, then **disabled**; what it **missed** can be sent.
//! - **export**: candidates that a recruiter sends to a hook. **Import**: a file of candidates that is read in.
//! - **act**: what a member or the operator did, as the **audit log** has it.
//! - **chore**: what has to be done from time to time. **Sample**: a made-up event that *Send Test* sends; a delivery of one is a **probe**.
//! - **B13**, **T7**, **A2** and the like in comments: promises, each in `docs/promises.md` with its tests.
//!
//! # The map
//!
//! - [`domain`]: what is true without any I/O: the nouns, their states, signing, the bytes of a payload, reading a CSV.
//! - [`store`]: the only diesel in the program; a file a noun, the same names as in `domain`; SQLite and PostgreSQL.
//! - [`delivery`]: the engine, composed of parts that each own their state: intake, dispatcher, attempts, settler, membership.
//! - [`actions`]: what members and partner systems do, one file a noun; used by `web` and `api` alike.
//! - [`maintenance`]: chores, a file each: what has to be done from time to time, beside what anybody asks for.
//! - [`web`]: the console; `web/routes.rs` lists every page with its rule.
//! - [`api`]: the partner API.
//! - [`server`]: all of it as one program: [`server::App`] is built from a [`config`], then run.
//! - [`cli`]: one file a command. [`demo`]: made-up data and a receiver that misbehaves on request.
//! - [`memory`]: the allocator. [`body`]: reading what a request carries. [`client`]: from which address it comes. [`files`]: files that are private. [`told`]: errors in words. [`clock`]: the one
//!   place that reads the time. [`config`]: the one place that reads settings.
//!
//! Dependencies point one way: `cli, demo → server → web | api → maintenance → actions → delivery → store → domain`; a test reads the
//! imports and fails when one points back. A page may read the store directly; whatever changes something is an action.
//!
//! # The life of a delivery
//!
//! An export is confirmed, or a partner reports an event. The action builds the event; [`delivery::intake`] finds the hooks
//! in its route, freezes the bytes once for each field set, and writes event, bodies and what is owed in one transaction.
//! After the commit the engine gets the very same deliveries in memory. [`delivery::queue`] keeps one lane a hook, and lanes
//! share the places by the time they hold them, so that a slow receiver waits for itself alone. [`delivery::sender`] vets the
//! address, signs, posts and reads a bounded answer; the attempt becomes an [`domain::attempt::Attempt`]. [`domain::delivery::Delivery::after`], a pure function, says where the
//! delivery stands then, and [`delivery::settle`] writes both down.
//!
//! # What always holds
//!
//! - What was answered 202, or shown as confirmed, is on disk. A crash at any instant loses none of it; it may repeat a
//!   request, with the same `webhook-id` and the same bytes.
//! - No network call is made while a transaction or a pooled connection is held.
//! - Nothing of one organisation is reached from another: every look-up names the organisation.
//! - Keys and secrets of hooks exist in clear only in memory, on the page that shows them once, and on the wire.

pub mod actions;
pub mod api;
pub mod body;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod delivery;
pub mod demo;
pub mod domain;
pub mod files;
pub mod maintenance;
pub mod memory;
pub mod server;
pub mod store;
pub mod told;
pub mod web;
