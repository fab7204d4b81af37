//! Charts as SVG texts that a page takes in as they are.
//!
//! Input: distributions and columns of an archive. Output: one `<svg>` each, with a title and a
//! description for those who do not see it. Colours stand in the SVG as the light theme's; the
//! page's style sheet turns them into the dark theme's by attribute. Knows nothing of the page.

mod axis;
mod canvas;
mod overtime;
mod percentiles;

pub(super) use canvas::PALETTE;
pub(super) use overtime::{parts_over_time, rate_over_time, response_over_time};
pub(super) use percentiles::{Limit, Line, percentiles};
