//! What attempts do to a delivery, said once: columns that both of its tables have, that go from one to the other as they
//! are, and that are written with each attempt.
//!
//! [`tried`] is the list. Rows, statements, and the values and arrays bound to them are made from it, so that a new column is
//! named here, in the schema, and where a row is read ([`super::rows::read`]); and nobody binds one where another belongs.

/// Hands the list to another macro, behind what that is given: of each column its name, its type in a row, how a hot statement
/// binds it, and its value.
macro_rules! tried {
    ($then:ident! { $($given:tt)* }) => {
        $then! {
            { $($given)* }
            automatic_tries: i32, Int = |delivery| $crate::store::delivery::count(delivery.tries.automatic);
            manual_tries: i32, Int = |delivery| $crate::store::delivery::count(delivery.tries.manual);
            rotation_tries: i32, Int = |delivery| $crate::store::delivery::count(delivery.tries.rotation);
            sent_at: Option<i64>, BigOrNull = |delivery| delivery.sent_at.map($crate::store::time::micros);
            response_status: Option<i32>, IntOrNull = |delivery| delivery.response_status.map(i32::from);
        }
    };
}

/// Their names, each with a prefix: `o.automatic_tries, o.manual_tries, …`.
macro_rules! names {
    (
        { $prefix:literal }
        $first:ident: $first_type:ty, $first_kind:ident = |$first_of:ident| $first_value:expr;
        $($name:ident: $type:ty, $kind:ident = |$of:ident| $value:expr;)*
    ) => {
        concat!($prefix, stringify!($first) $(, ", ", $prefix, stringify!($name))*)
    };
}

/// Each set to what a row has: `automatic_tries = o.automatic_tries, …`.
macro_rules! set_from {
    (
        { $prefix:literal }
        $first:ident: $first_type:ty, $first_kind:ident = |$first_of:ident| $first_value:expr;
        $($name:ident: $type:ty, $kind:ident = |$of:ident| $value:expr;)*
    ) => {
        concat!(
            stringify!($first), " = ", $prefix, stringify!($first)
            $(, ", ", stringify!($name), " = ", $prefix, stringify!($name))*
        )
    };
}

/// Each set to a value: `automatic_tries = ?, …`.
macro_rules! set_values {
    (
        {}
        $first:ident: $first_type:ty, $first_kind:ident = |$first_of:ident| $first_value:expr;
        $($name:ident: $type:ty, $kind:ident = |$of:ident| $value:expr;)*
    ) => {
        concat!(stringify!($first), " = ?" $(, ", ", stringify!($name), " = ?")*)
    };
}

/// A question mark for each: `?, ?, …`.
macro_rules! marks {
    (
        {}
        $first:ident: $first_type:ty, $first_kind:ident = |$first_of:ident| $first_value:expr;
        $($name:ident: $type:ty, $kind:ident = |$of:ident| $value:expr;)*
    ) => {
        concat!("?" $(, $crate::store::delivery::columns::one_more!($name))*)
    };
}

macro_rules! one_more {
    ($name:ident) => {
        ", ?"
    };
}

/// The values of a line: those of a delivery between some before and some behind.
macro_rules! values {
    (
        { $delivery:expr; [$($before:expr),* $(,)?]; [$($behind:expr),* $(,)?] }
        $($name:ident: $type:ty, $kind:ident = |$of:ident| $value:expr;)+
    ) => {
        [
            $($before,)*
            $(Value::$kind({
                let $of = $delivery;
                $value
            }),)+
            $($behind),*
        ]
    };
}

/// The arrays of a batch: those of the deliveries of these rows between some before and some behind.
macro_rules! arrays {
    (
        { $rows:expr, |$row:ident| $delivery:expr; [$($before:expr),* $(,)?]; [$($behind:expr),* $(,)?] }
        $($name:ident: $type:ty, $kind:ident = |$of:ident| $value:expr;)+
    ) => {
        vec![
            $($before,)*
            $(Column::$kind(
                $rows
                    .iter()
                    .map(|$row| {
                        let $of = $delivery;
                        $value
                    })
                    .collect(),
            ),)+
            $($behind),*
        ]
    };
}

/// A part of a table's row, and its value; and how it becomes the other tables' one.
macro_rules! row {
    (
        { $row:ident of $table:ident }
        $($name:ident: $type:ty, $kind:ident = |$of:ident| $value:expr;)+
    ) => {
        #[derive(Clone, Queryable, Selectable, Insertable, AsChangeset)]
        #[diesel(table_name = $table, treat_none_as_null = true)]
        pub(in crate::store) struct $row {
            $(pub(super) $name: $type,)+
        }

        impl $row {
            fn write(delivery: &Delivery) -> Self {
                Self {
                    $($name: {
                        let $of = delivery;
                        $value
                    },)+
                }
            }
        }
    };
}

/// How a part of one table's row becomes that of another.
macro_rules! from_row {
    (
        { $row:ident from $other:ident }
        $($name:ident: $type:ty, $kind:ident = |$of:ident| $value:expr;)+
    ) => {
        impl From<$other> for $row {
            fn from(other: $other) -> Self {
                Self { $($name: other.$name,)+ }
            }
        }
    };
}

pub(super) use {arrays, from_row, marks, names, one_more, row, set_from, set_values, tried, values};
