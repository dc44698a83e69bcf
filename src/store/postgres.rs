//! Many rows in one statement, on PostgreSQL alone.
//!
//! Each round trip costs more than the work behind it, so hot writes pass whole columns as arrays and unpack them with
//! `UNNEST`. The statements are constants: they are planned once per connection.

use std::marker::PhantomData;

use diesel::pg::{Pg, PgConnection};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, Text};
use diesel::{QueryResult, RunQueryDsl};

/// A statement with a `?` where each column goes. If it returns something, then one text a row.
pub(super) trait Statement: 'static {
    /// The statement.
    const SQL: &'static str;
}

/// One column of a batch, or one value for all its rows.
pub(super) enum Column<'a> {
    One(&'a str),
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

/// A statement and its columns, in the order of its question marks.
pub(super) struct Batch<'a, S> {
    columns: Vec<Column<'a>>,
    statement: PhantomData<S>,
}

impl<'a, S: Statement> Batch<'a, S> {
    pub fn new(columns: Vec<Column<'a>>) -> Self {
        Self { columns, statement: PhantomData }
    }
}

impl<S: Statement> QueryId for Batch<'_, S> {
    type QueryId = Batch<'static, S>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<S: Statement> Query for Batch<'_, S> {
    type SqlType = Text;
}

impl<S: Statement> RunQueryDsl<PgConnection> for Batch<'_, S> {}

impl<S: Statement> QueryFragment<Pg> for Batch<'_, S> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut columns = self.columns.iter();
        for (at, text) in S::SQL.split('?').enumerate() {
            if at > 0 {
                let column = columns.next().ok_or(diesel::result::Error::QueryBuilderError(
                    "a statement has more question marks than columns".into(),
                ))?;
                bind(column, &mut out)?;
            }
            out.push_sql(text);
        }
        Ok(())
    }
}

fn bind<'b>(column: &'b Column<'_>, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    match column {
        Column::One(value) => out.push_bind_param::<Text, _>(value),
        Column::Text(values) => out.push_bind_param::<Array<Text>, _>(values),
        Column::TextOrNull(values) => out.push_bind_param::<Array<Nullable<Text>>, _>(values),
        Column::Int(values) => out.push_bind_param::<Array<Integer>, _>(values),
        Column::IntOrNull(values) => out.push_bind_param::<Array<Nullable<Integer>>, _>(values),
        Column::Big(values) => out.push_bind_param::<Array<BigInt>, _>(values),
        Column::BigOrNull(values) => out.push_bind_param::<Array<Nullable<BigInt>>, _>(values),
        Column::Bool(values) => out.push_bind_param::<Array<Bool>, _>(values),
        Column::Bytes(values) => out.push_bind_param::<Array<Binary>, _>(values),
        Column::BytesOrNull(values) => out.push_bind_param::<Array<Nullable<Binary>>, _>(values),
    }
}
