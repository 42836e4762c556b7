//! The picture: one bar for each contender, on a logarithmic scale.

use std::fmt::Write as _;

use crate::contender::Kind;
use crate::report::Line;

const LEFT: f64 = 420.0;
const WIDTH: f64 = 420.0;
const TOP: f64 = 64.0;
const ROW: f64 = 26.0;
const RIGHT: f64 = 150.0;

/// An SVG of what each costs, as a multiple of the anchor. The thin line is the least and the most of any round.
pub fn draw(lines: &[Line], subtitle: &str) -> String {
    let most = lines.iter().map(|line| line.cost.max).fold(1.0, f64::max);
    let least = lines.iter().map(|line| line.cost.min).fold(1.0, f64::min).max(0.01);
    // Room below the least, so that no bar has no length.
    let (low, high) = ((least * 0.7).log10(), (most * 1.1).log10());
    let place = |cost: f64| LEFT + (cost.max(0.01).log10() - low) / (high - low) * WIDTH;
    let rows: String =
        lines.iter().zip(0_u16..).map(|(line, number)| row(line, number, place)).collect();
    let bottom = TOP + ROW * f64::from(u16::try_from(lines.len()).unwrap_or(u16::MAX));
    let (width, height) = (LEFT + WIDTH + RIGHT, bottom + 36.0);
    let marks: String = [0.5_f64, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0]
        .into_iter()
        .filter(|mark| mark.log10() > low && mark.log10() < high)
        .map(|mark| self::mark(mark, place(mark), bottom))
        .collect();
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0}" height="{height:.0}" viewBox="0 0 {width:.0} {height:.0}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="16" y="24" font-size="16" font-weight="bold" fill="#1b1f24">What one verified request costs</text>
<text x="16" y="44" fill="#57606a">{}</text>
{marks}{rows}</svg>
"##,
        escape(subtitle)
    )
}

fn mark(cost: f64, x: f64, bottom: f64) -> String {
    format!(
        "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{bottom:.1}\" stroke=\"#d0d7de\"/>\n\
         <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#57606a\">{cost}×</text>\n",
        TOP - 4.0,
        bottom + 18.0,
    )
}

fn row(line: &Line, number: u16, place: impl Fn(f64) -> f64) -> String {
    let y = TOP + ROW * f64::from(number);
    let (end, from, to) = (place(line.cost.median), place(line.cost.min), place(line.cost.max));
    let mut text = String::new();
    writeln!(
        text,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#1b1f24\">{}</text>\n\
         <rect x=\"{LEFT:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{}\"/>\n\
         <line x1=\"{from:.1}\" x2=\"{to:.1}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"#1b1f24\"/>\n\
         <text x=\"{:.1}\" y=\"{:.1}\" fill=\"#1b1f24\">{:.2}× · {:.0} µs</text>",
        LEFT - 8.0,
        y + 16.0,
        escape(&line.label),
        y + 4.0,
        (end - LEFT).max(1.0),
        ROW - 8.0,
        colour(line.kind),
        y + ROW / 2.0,
        y + ROW / 2.0,
        end.max(to) + 6.0,
        y + 16.0,
        line.cost.median,
        line.server_microseconds.median,
    )
    .expect("memory takes it");
    text
}

const fn colour(kind: Kind) -> &'static str {
    match kind {
        Kind::Anchor => "#8c959f",
        Kind::Layer => "#80ccff",
        Kind::Ours => "#0969da",
        Kind::Peer => "#e16f24",
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
