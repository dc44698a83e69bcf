//! The hot statements: constants with their values beside them.
//!
//! Diesel prepares a statement once per connection when it can tell from the type that the text is always the same; it
//! cannot for updates, nor for rows of varying number. These types tell it.
//!
//! On PostgreSQL each round trip costs more than the work behind it, so a [`Batch`] passes whole columns as arrays, which the
//! statement unpacks with `UNNEST`. On SQLite there is no trip, and a [`Line`] is one row.

use std::marker::PhantomData;

use diesel::pg::{Pg, PgConnection};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, Text};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, RunQueryDsl, SqliteConnection};

/// A statement with a `?` where each value goes. If it returns something, then one text a row.
pub(super) trait Statement: 'static {
    /// The statement.
    const SQL: &'static str;
}

/// One column of a batch, or one value for all its rows.
pub(super) enum Column<'a> {
    One(&'a str),
    OneBig(i64),
    Text(Vec<&'a str>),
    TextOrNull(Vec<Option<&'a str>>),
    Int(Vec<i32>),
    IntOrNull(Vec<Option<i32>>),
    Big(Vec<i64>),
    BigOrNull(Vec<Option<i64>>),
    Bool(Vec<bool>),
    Bytes(Vec<&'a [u8]>),
    BytesOrNull(Vec<Option<&'a [u8]>>),
}

/// One value of a line.
pub(super) enum Value<'a> {
    Text(&'a str),
    TextOrNull(Option<&'a str>),
    Int(i32),
    IntOrNull(Option<i32>),
    Big(i64),
    BigOrNull(Option<i64>),
    Bool(bool),
    Bytes(&'a [u8]),
    BytesOrNull(Option<&'a [u8]>),
}

/// A statement for PostgreSQL and its columns, in the order of its question marks.
pub(super) struct Batch<'a, S> {
    columns: Vec<Column<'a>>,
    statement: PhantomData<S>,
}

/// A statement for SQLite and its values, in the order of its question marks.
pub(super) struct Line<'a, S, const N: usize> {
    values: [Value<'a>; N],
    statement: PhantomData<S>,
}

impl<'a, S: Statement> Batch<'a, S> {
    pub fn new(columns: Vec<Column<'a>>) -> Self {
        Self { columns, statement: PhantomData }
    }
}

impl<'a, S: Statement, const N: usize> Line<'a, S, N> {
    pub fn new(values: [Value<'a>; N]) -> Self {
        Self { values, statement: PhantomData }
    }
}

impl<S: Statement> QueryId for Batch<'_, S> {
    type QueryId = Batch<'static, S>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<S: Statement, const N: usize> QueryId for Line<'_, S, N> {
    type QueryId = Line<'static, S, N>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<S: Statement> Query for Batch<'_, S> {
    type SqlType = Text;
}

impl<S: Statement, const N: usize> Query for Line<'_, S, N> {
    type SqlType = Text;
}

impl<S: Statement> RunQueryDsl<PgConnection> for Batch<'_, S> {}

impl<S: Statement, const N: usize> RunQueryDsl<SqliteConnection> for Line<'_, S, N> {}

impl<S: Statement> QueryFragment<Pg> for Batch<'_, S> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        walk(S::SQL, &self.columns, out, |column, out| match column {
            Column::One(value) => out.push_bind_param::<Text, _>(value),
            Column::OneBig(value) => out.push_bind_param::<BigInt, _>(value),
            Column::Text(values) => out.push_bind_param::<Array<Text>, _>(values),
            Column::TextOrNull(values) => out.push_bind_param::<Array<Nullable<Text>>, _>(values),
            Column::Int(values) => out.push_bind_param::<Array<Integer>, _>(values),
            Column::IntOrNull(values) => out.push_bind_param::<Array<Nullable<Integer>>, _>(values),
            Column::Big(values) => out.push_bind_param::<Array<BigInt>, _>(values),
            Column::BigOrNull(values) => out.push_bind_param::<Array<Nullable<BigInt>>, _>(values),
            Column::Bool(values) => out.push_bind_param::<Array<Bool>, _>(values),
            Column::Bytes(values) => out.push_bind_param::<Array<Binary>, _>(values),
            Column::BytesOrNull(values) => out.push_bind_param::<Array<Nullable<Binary>>, _>(values),
        })
    }
}

impl<S: Statement, const N: usize> Line<'_, S, N> {
    /// What stands before each question mark, and after the last; a statement with another number of them does not compile.
    const PIECES: ([&'static str; N], &'static str) = pieces(S::SQL);
}

const fn pieces<const N: usize>(sql: &'static str) -> ([&'static str; N], &'static str) {
    let mut before = [""; N];
    let (mut rest, mut found, mut at) = (sql, 0, 0);
    while at < rest.len() {
        if rest.as_bytes()[at] == b'?' {
            assert!(found < N, "more question marks than values");
            let (piece, after) = rest.split_at(at);
            (before[found], rest) = (piece, after.split_at(1).1);
            (found, at) = (found + 1, 0);
        } else {
            at += 1;
        }
    }
    assert!(found == N, "fewer question marks than values");
    (before, rest)
}

impl<S: Statement, const N: usize> QueryFragment<Sqlite> for Line<'_, S, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let (before, after) = const { &Self::PIECES };
        for (text, value) in before.iter().zip(&self.values) {
            out.push_sql(text);
            match value {
                Value::Text(value) => out.push_bind_param::<Text, _>(*value),
                Value::TextOrNull(value) => out.push_bind_param::<Nullable<Text>, _>(value),
                Value::Int(value) => out.push_bind_param::<Integer, _>(value),
                Value::IntOrNull(value) => out.push_bind_param::<Nullable<Integer>, _>(value),
                Value::Big(value) => out.push_bind_param::<BigInt, _>(value),
                Value::BigOrNull(value) => out.push_bind_param::<Nullable<BigInt>, _>(value),
                Value::Bool(value) => out.push_bind_param::<Bool, _>(value),
                Value::Bytes(value) => out.push_bind_param::<Binary, _>(*value),
                Value::BytesOrNull(value) => out.push_bind_param::<Nullable<Binary>, _>(value),
            }?;
        }
        out.push_sql(after);
        Ok(())
    }
}

fn walk<'a, 'b>(
    sql: &'static str,
    values: &'b [Column<'b>],
    mut out: AstPass<'a, 'b, Pg>,
    bind: impl Fn(&'b Column<'b>, &mut AstPass<'a, 'b, Pg>) -> QueryResult<()>,
) -> QueryResult<()> {
    let mut values = values.iter();
    for (at, text) in sql.split('?').enumerate() {
        if at > 0 {
            let value = values.next().ok_or_else(|| miscounted(sql))?;
            bind(value, &mut out)?;
        }
        out.push_sql(text);
    }
    if values.next().is_some() { Err(miscounted(sql)) } else { Ok(()) }
}

fn miscounted(sql: &str) -> diesel::result::Error {
    diesel::result::Error::QueryBuilderError(format!("values and question marks differ in number: {sql}").into())
}
