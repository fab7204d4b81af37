//! PostgreSQL's binary COPY format, appended to a buffer that is reused.
//!
//! Input: values. Output: bytes, as in the PostgreSQL manual, `COPY`, "Binary Format": each row is
//! a count of columns, then for each column its length and its bytes, all big-endian. Allocates
//! only while the buffer grows. Knows nothing of tables.

/// Appends `value` in decimal.
pub(super) fn put_decimal(out: &mut Vec<u8>, value: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut left = value;
    loop {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}
