//! Memory: the allocator of the program.
//!
//! Deliveries are many small things with short lives, made on one thread and dropped on another, which is what mimalloc is
//! good at. It keeps what is freed for the next one who asks; after something large that seldom comes, it is told to give
//! that back.

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Gives memory that is free back to the system. It costs as much as a few thousand allocations.
pub fn give_back() {
    // SAFETY: it takes no pointers and may be called from any thread at any time.
    #[expect(unsafe_code, reason = "the allocator has no safe door for this")]
    unsafe {
        libmimalloc_sys::mi_collect(true);
    }
}
