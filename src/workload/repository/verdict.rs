//! One answer: what the data set says of it.

use chrono::TimeDelta;

use super::run::bucket_seconds;
use super::{Operation, Reply, RepositoryWorkload};
use crate::dataset::TraceKey;
use crate::plan::Call;
use crate::store::log::queries::ERROR_SEVERITY;
use crate::store::{LogRecord, Status, Trace};
use crate::workload::check::{self, Page};
use crate::workload::known::Question;
use crate::workload::operation::AnswerVerdict;
use crate::workload::params::{DrawnTrace, Draws};

impl RepositoryWorkload {
    /// The trace that call `index` must find; `None` where it asks for one that does not exist.
    fn key(&self, draws: &Draws, index: u64) -> Option<TraceKey> {
        match draws.trace(index) {
            DrawnTrace::Known(trace) => Some(self.known.dataset().trace(trace)),
            DrawnTrace::Absent(_) => None,
        }
    }

    pub(super) fn verdict(&self, place: usize, index: u64, reply: &Reply) -> AnswerVerdict {
        let Some(operation) = self.operations.get(place) else {
            return AnswerVerdict::Unchecked;
        };
        let draws = &operation.draws;
        let key = || self.key(draws, index);
        match reply {
            Reply::Trace(found) => check::trace(found.as_ref(), key().as_ref()),
            Reply::TraceWithSpans(found) => check::trace_with_spans(found.as_ref(), key().as_ref()),
            Reply::Context(found, logs) => check::context(found.as_ref(), logs, key().as_ref()),
            Reply::Traces(rows) => self.traces_verdict(operation, index, rows),
            Reply::Logs(rows) if operation.call == Call::LogGetLogsByTrace => {
                check::logs_of_trace(rows, key().as_ref())
            }
            Reply::Logs(rows) => self.logs_verdict(place, operation, index, rows),
            Reply::Series(_) | Reply::Percentiles(_) | Reply::Point(_) => {
                self.metric_verdict(draws, index, reply)
            }
        }
    }

    fn traces_verdict(&self, operation: &Operation, index: u64, rows: &[Trace]) -> AnswerVerdict {
        let draws = &operation.draws;
        let mut page = page_of(draws, index);
        let (range, fixed) = (page.range, draws.range_is_fixed());
        if operation.call == Call::TraceGetTraces {
            return self.latest_verdict(rows, page);
        }
        if operation.call == Call::TraceSearchErrors {
            let known = || {
                self.known
                    .count(Question::ErrorTraces, range, page.at_most(), fixed, "")
            };
            return check::page(rows, page, |row| row.status == Status::Error, known);
        }
        let rank = draws.service(index);
        let name = self.known.dataset().service_name(rank);
        let theirs = |row: &Trace| row.service_name == name;
        if operation.call == Call::TraceListAfter {
            page.offset = 0;
            let cursor = draws.cursor(index);
            let after =
                |row: &Trace| theirs(row) && (row.start_time, row.id) < (cursor.time, cursor.id);
            let known = || self.known.count_after(rank, range, cursor, page.at_most());
            return check::page(rows, page, after, known);
        }
        if operation.call == Call::TraceSearchByService {
            (page.limit, page.offset) = (u64::MAX, 0);
        }
        let question = Question::ServiceTraces(rank);
        let known = || self.known.count(question, range, page.at_most(), fixed, "");
        check::page(rows, page, theirs, known)
    }

    /// A page of all services' traces is known row by row: the data set numbers traces by start.
    fn latest_verdict(&self, rows: &[Trace], page: Page) -> AnswerVerdict {
        let data = self.known.dataset();
        let end = data.traces_before(page.range.end());
        let newest = end.saturating_sub(page.offset);
        let at_its_place = |place: usize, row: &Trace| {
            let known = newest.checked_sub(place as u64 + 1);
            known.is_some_and(|index| data.trace_start(index) == row.start_time)
        };
        if !rows
            .iter()
            .enumerate()
            .all(|(place, row)| at_its_place(place, row))
        {
            return AnswerVerdict::Wrong;
        }
        let known = || Some(data.trace_rows_in(page.range.start(), page.range.end()));
        check::page(rows, page, |_| true, known)
    }

    fn logs_verdict(
        &self,
        place: usize,
        operation: &Operation,
        index: u64,
        rows: &[LogRecord],
    ) -> AnswerVerdict {
        let draws = &operation.draws;
        let mut page = page_of(draws, index);
        let fixed = draws.range_is_fixed();
        let text = operation.search.as_str();
        let rank = draws.service(index);
        let name = self.known.dataset().service_name(rank);
        let question = match operation.call {
            Call::LogSearchLogs => {
                page.offset = 0;
                Question::Search(place)
            }
            Call::LogGetErrors => Question::ErrorLogs,
            _ => Question::ServiceLogs(rank),
        };
        let matches = |row: &LogRecord| match question {
            Question::Search(_) => check::holds(&row.body, text),
            Question::ErrorLogs => row.severity_number >= ERROR_SEVERITY,
            _ => row.service_name == name,
        };
        let known = || {
            let question = question.clone();
            self.known
                .count(question, page.range, page.at_most(), fixed, text)
        };
        check::page(rows, page, matches, known)
    }

    fn metric_verdict(&self, draws: &Draws, index: u64, reply: &Reply) -> AnswerVerdict {
        let range = draws.range(index);
        let (start, end) = (range.start(), range.end());
        let data = self.known.dataset();
        match reply {
            Reply::Percentiles(found) => {
                let has_points = self.known.service_has_points(draws.service(index), range);
                check::percentiles(found, has_points)
            }
            Reply::Point(found) => {
                let series = draws.series(index);
                let at = data.latest_point(series, end).filter(|at| *at >= start);
                check::latest_point(found.as_ref(), self.known.series_id(series), at)
            }
            Reply::Series(found) => {
                let series = draws.series(index);
                let width = TimeDelta::seconds(bucket_seconds(draws));
                let buckets = data.buckets_in(series, start, end, width);
                check::series(found, end, buckets, data.points_in(series, start, end))
            }
            _ => AnswerVerdict::Unchecked,
        }
    }
}

fn page_of(draws: &Draws, index: u64) -> Page {
    Page {
        range: draws.range(index),
        limit: draws.parameters().limit.unsigned_abs(),
        offset: draws.parameters().offset.unsigned_abs(),
    }
}
