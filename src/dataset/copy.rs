//! PostgreSQL's binary COPY format, appended to a buffer that is reused.
//!
//! Input: values. Output: bytes, as in the PostgreSQL manual, `COPY`, "Binary Format": each row is
//! a count of columns, then for each column its length and its bytes, all big-endian. Allocates
//! only while the buffer grows. Knows nothing of tables.

use uuid::Uuid;

/// What stands before the first row: the signature, no flags, no header extension.
pub(super) const HEADER: &[u8; 19] = b"PGCOPY\n\xFF\r\n\0\0\0\0\0\0\0\0\0";
/// What stands after the last row.
pub(super) const TRAILER: &[u8; 2] = &[0xFF, 0xFF];

/// From 1970 to 2000, where PostgreSQL's timestamps start, in microseconds.
const EPOCH_US: i64 = 946_684_800_000_000;
/// The first byte of a binary jsonb value.
const JSONB_VERSION: u8 = 1;

/// Appends columns to a buffer.
pub(super) struct Row<'a>(&'a mut Vec<u8>);

impl<'a> Row<'a> {
    /// Begins a row of `columns` columns.
    pub(super) fn begin(out: &'a mut Vec<u8>, columns: u16) -> Self {
        out.extend_from_slice(&columns.to_be_bytes());
        Self(out)
    }

    /// A column without a value.
    pub(super) fn null(&mut self) {
        self.0.extend_from_slice(&(-1_i32).to_be_bytes());
    }

    /// A column of type text.
    pub(super) fn text(&mut self, text: &[u8]) {
        self.0.extend_from_slice(&(text.len() as u32).to_be_bytes());
        self.0.extend_from_slice(text);
    }

    /// A column of type text whose bytes `write` appends.
    pub(super) fn text_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.patched(|out| write(out));
    }

    /// A column of type jsonb from JSON.
    pub(super) fn json(&mut self, json: &[u8]) {
        self.0
            .extend_from_slice(&(json.len() as u32 + 1).to_be_bytes());
        self.0.push(JSONB_VERSION);
        self.0.extend_from_slice(json);
    }

    /// A column of type jsonb whose JSON `write` appends.
    pub(super) fn json_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.patched(|out| {
            out.push(JSONB_VERSION);
            write(out);
        });
    }

    /// A column of type uuid.
    pub(super) fn uuid(&mut self, id: Uuid) {
        self.fixed(*id.as_bytes());
    }

    /// A column of type timestamptz from microseconds since 1970.
    pub(super) fn time(&mut self, us: i64) {
        self.fixed((us - EPOCH_US).to_be_bytes());
    }

    /// A column of type int8.
    pub(super) fn int8(&mut self, value: i64) {
        self.fixed(value.to_be_bytes());
    }

    /// A column of type int4.
    pub(super) fn int4(&mut self, value: i32) {
        self.fixed(value.to_be_bytes());
    }

    /// A column of type float8 from 1,024ths: exact, and so are sums of up to 2^53 of them.
    pub(super) fn float_of_1024ths(&mut self, value: u64) {
        self.fixed((value as f64 / 1024.0).to_be_bytes());
    }

    fn fixed<const N: usize>(&mut self, bytes: [u8; N]) {
        self.0.extend_from_slice(&(N as u32).to_be_bytes());
        self.0.extend_from_slice(&bytes);
    }

    /// A column whose length is known once it is written.
    fn patched(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let begin = self.0.len();
        self.0.extend_from_slice(&[0; 4]);
        write(self.0);
        let length = (self.0.len() - begin - 4) as u32;
        self.0[begin..begin + 4].copy_from_slice(&length.to_be_bytes());
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_as_the_manual_says() {
        let mut out = Vec::new();
        let mut row = Row::begin(&mut out, 5);
        row.null();
        row.text(b"ab");
        row.json_with(|out| out.extend_from_slice(b"{}"));
        row.time(EPOCH_US + 1);
        row.float_of_1024ths(1536);
        let mut expected = vec![0, 5, 0xFF, 0xFF, 0xFF, 0xFF];
        expected.extend([0, 0, 0, 2, b'a', b'b']);
        expected.extend([0, 0, 0, 3, 1, b'{', b'}']);
        expected.extend([0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1]);
        expected.extend([0, 0, 0, 8]);
        expected.extend(1.5_f64.to_be_bytes());
        assert_eq!(out, expected);
    }

    #[test]
    fn decimals_are_what_the_standard_library_prints() {
        for value in [0, 7, 10, 999, 1_000_000, u64::MAX] {
            let mut out = Vec::new();
            put_decimal(&mut out, value);
            assert_eq!(out, value.to_string().into_bytes());
        }
    }
}
