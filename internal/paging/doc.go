// Package paging reads one complete list from the pages of a server that counts rows by
// offset. It knows neither the content of a row nor how a page is fetched.
//
// Offset paging loses rows: if a row of page 1 is deleted after page 1 was read, the
// first row of page 2 moves to page 1 and is never read. So pages overlap by one row, the
// seam: the last row of a page must be the first row of the next.
//
// Why that is enough: let row X be at offset b when page k is read, and again when
// page k+1 is read. A row that is in front of X throughout is in front of b when page k
// is read. A row that is behind X throughout is behind b when page k+1 is read. So if all
// seams hold, no row that existed throughout is missing, whatever the order in which the
// pages were read, and however much time passed between them.
//
// The proof has two assumptions, and both are checked:
//
//   - Rows keep their order. They do in a list by creation, which its times show
//     (isByCreation). In any other list, a row may move from behind a seam to the front
//     while another one is deleted. Such a list is read until two consecutive passes,
//     whose seams all held, give the same rows.
//   - The last page is the end. A page with fewer rows than requested proves it. A full
//     one depends on has_more alone, which may come from a separate count. So one more
//     page is requested, and must contain only the seam.
//
// A seam that fails means that the list changed while it was read, and the list is read
// again from the start. If two passes over the same rows contradict themselves in the same
// way, the cause isn't a change but how the server counts. Then the server's own cursors
// are followed, and two passes must give the same rows in the same order, on pages that
// end at the same rows.
//
// No seam connects the pages of such a server. That is strong evidence and no proof, as it
// is for rows that may move: a change that affects both passes in the same way can hide a
// row from both.
package paging
