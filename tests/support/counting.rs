//! An allocator that counts, each thread for itself, so that tests do not see each other's memory.
#![allow(unsafe_code)] // it is unsafe by its nature; the crate has none

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static NOW: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

fn enter(size: usize) {
    // what another thread frees is not seen here: numbers wrap
    let now = NOW.get().wrapping_add(size);
    NOW.set(now);
    if now.wrapping_sub(PEAK.get()) <= usize::MAX / 2 {
        PEAK.set(now);
    }
}

// SAFETY: every call is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        enter(layout.size());
        unsafe { System.alloc(layout) }
    }

    // both are there at once, as where it has to move
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        enter(size);
        NOW.set(NOW.get().wrapping_sub(layout.size()));
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        NOW.set(NOW.get().wrapping_sub(layout.size()));
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Runs `work`; returns its result and the most bytes that were allocated at once meanwhile.
pub fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = NOW.get();
    PEAK.set(before);
    let result = work();
    (result, PEAK.get().wrapping_sub(before))
}
