//! Tests of [`settle`]: which sequences of readings make a list complete.

use super::*;

/// Settles a list from these readings, each of several pieces, and returns how many it needed.
/// `there` are the entries that exist.
fn settled(readings: &[Vec<u32>], there: &[u32]) -> (Result<Vec<u32>, Error>, u32) {
    let read = |reads: &mut u32, number: u32| {
        *reads += 1;
        Ok(Reading { list: readings[number as usize % readings.len()].clone(), whole: false })
    };
    let mut reads = 0;
    let list = settle(&mut reads, read, |it| *it, |_, entry, _| Ok(there.contains(entry)));
    (list, reads)
}

#[test]
fn a_list_in_one_piece_is_read_once() {
    let read = |(): &mut (), number| Ok(Reading { list: vec![number], whole: true });
    assert_eq!(settle(&mut (), read, |it| *it, |(), _, _| Ok(true)).unwrap(), [0]);
}

#[test]
fn two_readings_with_the_same_keys_are_enough() {
    let (list, reads) = settled(&[vec![1, 2, 3], vec![3, 2, 1]], &[]);
    assert_eq!((list.unwrap(), reads), (vec![3, 2, 1], 2));
}

#[test]
fn an_entry_missing_in_most_readings_is_listed_if_it_exists() {
    // 8 and 9 appear and disappear; 2 stays.
    let readings = [vec![1, 3, 8], vec![1, 2, 9], vec![1, 3, 9], vec![1, 3, 8], vec![1, 3]];
    let (list, reads) = settled(&readings, &[1, 2, 3]);
    assert_eq!((list.unwrap(), reads), (vec![1, 3, 2], 5));
}

#[test]
fn a_list_with_new_entries_each_time_does_not_settle() {
    let readings: Vec<Vec<u32>> = (0..READINGS).map(|n| (n * 40..1000 + n).collect()).collect();
    let (list, reads) = settled(&readings, &[]);
    assert!(matches!(list, Err(Error::Interrupted(READINGS))), "{list:?}");
    assert_eq!(reads, READINGS);
}
