//! Lines and texts on an SVG by plotters, in whole units of a quarter of a pixel.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Colours of lines, told apart by the three common kinds of colour blindness and at least 3:1
/// against white: Okabe and Ito's ("Color Universal Design", 2008), the light ones darkened.
pub(in crate::report) const PALETTE: [RGBColor; 7] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0x00, 0x8F, 0x68),
    RGBColor(0xA5, 0x47, 0x8F),
    RGBColor(0x94, 0x68, 0x00),
    RGBColor(0x0B, 0x5C, 0x6B),
    RGBColor(0x6B, 0x72, 0x80),
];
/// Text, and the line that matters most.
pub(super) const INK: RGBColor = RGBColor(0x1B, 0x1F, 0x24);
/// Labels of axes.
pub(super) const MUTED: RGBColor = RGBColor(0x57, 0x60, 0x6A);
/// Grid lines.
pub(super) const GRID: RGBColor = RGBColor(0xDD, 0xE1, 0xE6);
/// A limit that an objective sets.
pub(super) const LIMIT: RGBColor = RGBColor(0xB4, 0x23, 0x18);

/// The back-end counts in whole units, so that a unit is a quarter of a pixel and lines are smooth.
const UNITS_PER_PIXEL: f64 = 4.0;

/// A point in pixels from the upper left corner.
pub(super) type Point = (f64, f64);

/// Where a text lies from its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// To its right, on its height.
    Start,
    /// Below it, centred.
    Below,
    /// To its left, on its height.
    End,
    /// Above it, centred.
    Above,
}

/// A drawing area in pixels.
pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

impl Canvas<'_> {
    /// A line through `points`; a single point becomes a dot.
    pub(super) fn line(&self, points: &[Point], colour: RGBColor, alpha: f64, width: f64) {
        let points: Vec<(i32, i32)> = points.iter().map(|p| units(*p)).collect();
        let style = ShapeStyle {
            color: colour.mix(alpha),
            filled: false,
            stroke_width: (width * UNITS_PER_PIXEL).round() as u32,
        };
        // Writing an SVG into a String cannot fail; the type only allows for other back-ends.
        let _ = match points.as_slice() {
            [] => Ok(()),
            [only] => self.area.draw(&Circle::new(
                *only,
                (width * UNITS_PER_PIXEL) as i32,
                colour.mix(alpha).filled(),
            )),
            _ => self.area.draw(&PathElement::new(points, style)),
        };
    }

    /// A text of `size` pixels.
    pub(super) fn text(&self, text: &str, at: Point, anchor: Anchor, size: f64, colour: RGBColor) {
        let (h, v) = match anchor {
            Anchor::Start => (HPos::Left, VPos::Center),
            Anchor::Below => (HPos::Center, VPos::Top),
            Anchor::End => (HPos::Right, VPos::Center),
            Anchor::Above => (HPos::Center, VPos::Bottom),
        };
        // The back-end divides sizes by 1.24, to match the heights of bitmaps.
        let size = size * UNITS_PER_PIXEL * 1.24;
        let style = TextStyle::from(("sans-serif", size).into_font())
            .color(&colour)
            .pos(Pos::new(h, v));
        let _ = self
            .area
            .draw(&Text::new(text.to_owned(), units(at), style));
    }
}

fn units((x, y): Point) -> (i32, i32) {
    (
        (x * UNITS_PER_PIXEL).round() as i32,
        (y * UNITS_PER_PIXEL).round() as i32,
    )
}

/// An SVG of `width` by `height` pixels that scales with the page, with what `draw` draws on it.
pub(super) fn svg(
    (width, height): (f64, f64),
    title: &str,
    description: &str,
    draw: impl FnOnce(&Canvas<'_>),
) -> String {
    let mut text = String::new();
    let (w, h) = units((width, height));
    {
        let area = SVGBackend::with_string(&mut text, (w as u32, h as u32)).into_drawing_area();
        let canvas = Canvas { area };
        draw(&canvas);
        let _ = canvas.area.present();
    }
    let body = text.find('>').map_or("", |end| &text[end + 1..]);
    let body = body.replace(" opacity=\"1\"", "").replace(" \"/>", "\"/>");
    let escape = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    };
    format!(
        "<svg viewBox=\"0 0 {w} {h}\" role=\"img\"><title>{}</title><desc>{}</desc>{}",
        escape(title),
        escape(description),
        body
    )
}

/// Moves heights apart until each is `gap` below the one before and all lie in `from..=to`; their
/// order stays. For labels beside the ends of lines.
pub(super) fn spread(heights: &[f64], gap: f64, from: f64, to: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by(|a, b| heights[*a].total_cmp(&heights[*b]));
    let mut placed = heights.to_vec();
    let mut least = from;
    for i in &order {
        placed[*i] = placed[*i].max(least);
        least = placed[*i] + gap;
    }
    let mut most = to;
    for i in order.iter().rev() {
        placed[*i] = placed[*i].min(most);
        most = placed[*i] - gap;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_svg_scales_and_explains_itself() {
        let text = svg((100.0, 50.0), "a <b>", "says & means", |canvas| {
            canvas.line(&[(0.0, 0.0), (10.25, 20.0)], INK, 1.0, 1.0);
            canvas.text("x < y", (5.0, 5.0), Anchor::Start, 12.0, MUTED);
        });
        assert!(text.starts_with("<svg viewBox=\"0 0 400 200\" role=\"img\"><title>a &lt;b&gt;"));
        assert!(text.trim_end().ends_with("</svg>"));
        assert!(text.contains("<desc>says &amp; means</desc>"));
        assert!(text.contains("points=\"0,0 41,80\""), "{text}");
        assert!(
            text.contains("font-size=\"48\"") && text.contains("x &lt; y"),
            "{text}"
        );
        assert_eq!(text.matches("<svg").count(), 1);
    }

    proptest! {
        #[test]
        fn labels_do_not_overlap(heights in prop::collection::vec(0.0_f64..300.0, 1..12)) {
            let mut placed = spread(&heights, 14.0, 0.0, 300.0);
            placed.sort_by(f64::total_cmp);
            prop_assert!(placed.windows(2).all(|pair| pair[1] - pair[0] >= 14.0 - 1e-9));
            prop_assert!(placed[0] >= -1e-9 && placed[placed.len() - 1] <= 300.0 + 1e-9);
        }
    }
}
