//! What a failed batch falls back to: single requests for what is missing, a few at a time.
//!
//! A batch may have failed because of one record in it, so the others are worth asking for. If the first of them all
//! fail too it was not one record, and the rest is not asked for.

use futures::{StreamExt as _, stream};
use gangway_protocol::ApiError;
use std::sync::{Mutex, PoisonError};

/// Single requests in flight at once, and failures without any success after which no further one is made.
pub const AT_ONCE: usize = 8;

/// Whether single requests may succeed where a batch failed. What our own limits refused, or what no token could be had
/// for, they would refuse again.
#[must_use]
pub fn is_worth_asking_singly(error: &ApiError) -> bool {
    !error.not_sent
}

/// Asks for each key by itself; the answers in the keys' order.
pub async fn singly<K, V, F>(keys: Vec<K>, ask: impl Fn(K) -> F) -> Vec<Result<V, ApiError>>
where
    F: Future<Output = Result<V, ApiError>>,
{
    let course = Mutex::new(Course::default());
    let course_now = || course.lock().unwrap_or_else(PoisonError::into_inner);
    stream::iter(keys)
        .map(|key| {
            let ask = &ask;
            async move {
                let hopeless = course_now().hopeless();
                match hopeless {
                    Some(error) => Err(error),
                    None => {
                        let answer = ask(key).await;
                        course_now().note(answer.as_ref().err());
                        answer
                    }
                }
            }
        })
        .buffered(AT_ONCE)
        .collect()
        .await
}

/// The same for what a batch left open: `known` is what it gave before it broke off, and is not asked for again. Nor does it
/// count as a sign that the vendor answers: it came before.
pub async fn singly_where_missing<K, V, F>(
    keys: Vec<K>,
    known: impl Fn(&K) -> Option<Result<V, ApiError>>,
    ask: impl Fn(K) -> F,
) -> Vec<Result<V, ApiError>>
where
    F: Future<Output = Result<V, ApiError>>,
{
    let (mut found, mut missing) = (Vec::with_capacity(keys.len()), Vec::new());
    for key in keys {
        let answer = known(&key);
        if answer.is_none() {
            missing.push(key);
        }
        found.push(answer);
    }
    let mut asked = singly(missing, ask).await.into_iter();
    found.into_iter().filter_map(|answer| answer.or_else(|| asked.next())).collect()
}

#[derive(Default)]
struct Course {
    has_success: bool,
    failures: usize,
    last: Option<ApiError>,
}

impl Course {
    fn note(&mut self, error: Option<&ApiError>) {
        match error {
            None => self.has_success = true,
            Some(error) => {
                self.failures += 1;
                self.last = Some(error.clone());
            }
        }
    }

    fn hopeless(&self) -> Option<ApiError> {
        self.last.clone().filter(|_| !self.has_success && self.failures >= AT_ONCE)
    }
}

#[cfg(test)]
mod tests {
    use super::{AT_ONCE, singly, singly_where_missing};
    use gangway_protocol::{ApiError, ErrorType, System};
    use std::cell::Cell;

    fn down() -> ApiError {
        ApiError::new(System::Clm, ErrorType::ServerError, "op", "DOWN", "words")
    }

    #[tokio::test]
    async fn one_that_fails_leaves_the_others_their_answers() {
        let ask = |key: u32| async move { if key == 3 { Err(down()) } else { Ok(key) } };
        let answers = singly((0..30).collect(), ask).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 29);
        assert_eq!(answers.get(3), Some(&Err(down())));
        assert_eq!(answers.get(29), Some(&Ok(29)));
    }

    #[tokio::test]
    async fn an_outage_is_not_answered_with_two_hundred_requests() {
        let asked = Cell::new(0);
        let ask = |_: u32| async {
            asked.set(asked.get() + 1);
            Err::<u32, _>(down())
        };
        let answers = singly((0..200).collect(), ask).await;
        assert_eq!((answers.len(), asked.get()), (200, AT_ONCE));
    }

    #[tokio::test]
    async fn what_came_before_an_outage_is_kept_and_hides_it_from_nobody() {
        let asked = Cell::new(0);
        let ask = |_: u32| async {
            asked.set(asked.get() + 1);
            Err(down())
        };
        let known = |key: &u32| key.is_multiple_of(2).then_some(Ok(*key));
        let answers = singly_where_missing((0..200).collect(), known, ask).await;
        for (key, answer) in (0..200).zip(&answers) {
            assert_eq!(*answer, if key % 2 == 0 { Ok(key) } else { Err(down()) });
        }
        assert_eq!((answers.len(), asked.get()), (200, AT_ONCE), "half of them had come");
    }
}
