//! The ranges of dates and times, shared by decoder and encoder. It does not format or convert.

/// Days from 0001-01-01 to 9999-12-31.
pub(crate) const LAST_DAY: u32 = 3_652_058;
/// Units of 100 ns in a day.
pub(crate) const TICKS_PER_DAY: u64 = 864_000_000_000;
/// Minutes either side of UTC.
pub(crate) const OFFSET: std::ops::RangeInclusive<i16> = -840..=840;
/// 1753-01-01 to 9999-12-31, in days since 1900-01-01.
pub(crate) const DATETIME_DAYS: std::ops::RangeInclusive<i32> = -53_690..=2_958_463;
/// Units of 1/300 s in a day.
pub(crate) const DATETIME_TICKS: u32 = 25_920_000;
/// Minutes in a day.
pub(crate) const MINUTES: u16 = 1_440;

/// The magnitudes that `precision` digits can hold are less than this; `None` when the precision itself is impossible.
pub(crate) fn decimal_bound(precision: u8) -> Option<u128> {
    if (1..=38).contains(&precision) {
        10u128.checked_pow(u32::from(precision))
    } else {
        None
    }
}
