//! Plain text in columns.

/// `rows` with every column as wide as its widest cell, two spaces apart. The first `left` columns
/// are flush left, the others flush right.
pub fn columns<const N: usize>(rows: &[[String; N]], left: usize) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::from("  ");
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            let padded = if column < left {
                format!("{cell:<width$}")
            } else {
                format!("{cell:>width$}")
            };
            line.push_str(&padded);
            line.push_str("  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A whole number with its thousands apart: `1,048,576`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligns_and_groups() {
        let rows = [["a", "1"], ["long", "1,234"]].map(|row| row.map(str::to_owned));
        assert_eq!(columns(&rows, 1), "  a         1\n  long  1,234\n");
        assert_eq!(
            [0, 999, 1_000, 1_048_576].map(thousands),
            ["0", "999", "1,000", "1,048,576"]
        );
    }
}
