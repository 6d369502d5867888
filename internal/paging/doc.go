// Package paging makes one complete list of the pages of a server that counts them by
// offset. It knows nothing of what a row is, or of how a page is fetched.
//
// Offset paging loses rows: delete a row of page 1 after reading it, and the
// first row of page 2 moves to page 1 and is never seen. So pages overlap by
// one row, the seam, and the last row of a page must be the first of the next.
//
// Why that is enough: say row X is at offset b when page k is read, and again when
// page k+1 is read. Rows that are in front of X throughout are in front of b when
// page k is read. Rows that are behind X throughout are behind b when page k+1 is
// read. So if all seams hold, no row that existed throughout is missing, in whatever
// order and however far apart in time the pages were read.
//
// The proof assumes two things, and both are checked:
//
//   - Rows that stay keep their order. They do in a list by creation, which shows
//     in its times (byCreation). In any other list a row may move from behind a
//     seam to the front while another is deleted: it is read until two passes in a
//     row, each proven, give the same rows.
//   - The end is the end. A page shorter than asked for proves it. A full one rests
//     on has_more alone, which may come from a count of its own: so one more page
//     is asked for, and must hold just the seam.
//
// A seam that fails means that the list changed under the read: it is read again
// from the start. Where two passes over the same rows contradict themselves in the
// same way, it isn't a change, but how the server counts: then its own cursors
// are followed, and two passes must give the same rows in the same order, on pages
// that end at the same rows.
//
// No seam holds the pages of such a server together, so this is strong evidence and
// no proof, as where rows may move: changes that hit both passes alike can hide a row
// from both.
package paging
