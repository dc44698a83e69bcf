//! Memory: the allocator of the program.
//!
//! Deliveries are many small things with short lives, made on one thread and dropped on another, which is what mimalloc is
//! good at. It keeps what is freed for the next one who asks; after something large that seldom comes, it is told to give
//! that back.
//!
//! It would take pages of 2 MiB where the system has them. Deliveries are no faster for it, and what every thread has begun of
//! each size then counts whole: under load the program takes up half as much again.

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Takes memory in small pages from now on. The allocator asks for no others; on some systems everybody gets large ones.
pub fn keep_pages_small() {
    // Where this is not known, or not allowed, the program is a little larger.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

/// Gives memory that is free back to the system. It costs as much as a few thousand allocations.
pub fn give_back() {
    // SAFETY: it takes no pointers and may be called from any thread at any time.
    #[expect(unsafe_code, reason = "the allocator has no safe door for this")]
    unsafe {
        libmimalloc_sys::mi_collect(true);
    }
}
