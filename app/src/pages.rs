//! Pages of lists that are ordered by a place: reading a cursor, and cutting the one row too many that tells of a next page.

/// The place that a cursor of ours names; none when it is no cursor of ours.
pub fn place_of(cursor: &str) -> Option<i64> {
    let is_ours = cursor.len() <= 20 && cursor.bytes().all(|byte| byte.is_ascii_digit());
    cursor.parse().ok().filter(|_| is_ours)
}

/// Cuts the one row too many that was asked for to see whether there is more; then gives the last row that stays.
pub fn cut<T>(rows: &mut Vec<T>, limit: u32) -> Option<&T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if rows.len() <= limit {
        return None;
    }
    rows.truncate(limit);
    rows.last()
}

#[cfg(test)]
mod tests {
    use super::{cut, place_of};

    #[test]
    fn only_a_place_is_a_cursor() {
        assert_eq!(place_of("17"), Some(17));
        for wrong in ["", "-1", "+1", "x", "99999999999999999999", "000000000000000000001"] {
            assert_eq!(place_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_last_row_that_stays_is_where_the_next_page_begins() {
        let mut rows = vec![1, 2, 3];
        assert_eq!(cut(&mut rows, 3), None);
        assert_eq!(cut(&mut rows, 2), Some(&2));
        assert_eq!(rows, [1, 2]);
    }
}
