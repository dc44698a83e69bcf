//! Closed lists: an enum whose values each have one word, in tables, URLs and forms, and where pages need it a label.

/// Makes an enum of words: its variants, what is written of each and read again, and how pages call it.
///
/// ```text
/// words! {
///     /// What a light shows.
///     #[derive(Debug, Clone, Copy, PartialEq, Eq)]
///     pub enum Light {
///         /// Go.
///         Green = "green", "Green light";
///     }
/// }
/// ```
///
/// Without labels there is no `label`.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal, $label:literal;)+ }
    ) => {
        words! { $(#[$meta])* $vis enum $name { $($(#[$doc])* $variant = $word;)+ } }

        impl $name {
            /// As it stands on pages.
            pub fn label(self) -> &'static str {
                match self {
                    $($name::$variant => $label,)+
                }
            }
        }
    };
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal;)+ }
    ) => {
        $(#[$meta])*
        $vis enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// Every one, in order.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// Its word: in tables, URLs and forms.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)+
                }
            }

            /// Reads its word.
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some($name::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use words;

#[cfg(test)]
mod tests {
    words! {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum Light {
            Red = "red", "Stop";
            Green = "green", "Go";
        }
    }

    #[test]
    fn each_word_is_read_again_and_no_other_is() {
        assert_eq!(Light::ALL.map(|light| Light::parse(light.as_str())), Light::ALL.map(Some));
        assert_eq!(Light::ALL.map(Light::label), ["Stop", "Go"]);
        assert_eq!(["", "Red", "blue"].map(Light::parse), [None; 3]);
    }
}
