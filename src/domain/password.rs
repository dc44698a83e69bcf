//! Passwords: which ones are not taken.
//!
//! Twelve characters are enough when nobody would guess them. So what is left is looked at once everything is taken out that
//! is guessed first: words that stand in common passwords, a member's own address, name and organisation, runs such as 12345,
//! abcde or qwerty, and characters that repeat. A password of which next to nothing is left is refused.
//!
//! What is *not* guaranteed: that a password that is taken was never stolen anywhere. No list of those is asked.

/// A password has at least this many characters.
pub const MIN_CHARACTERS: usize = 12;

/// A password has at most this many bytes: hashing more would be a way to keep the machine busy.
pub const MAX_BYTES: usize = 1_024;

/// At least this many characters are left of a password that is taken.
const MIN_REST: usize = 4;

/// A password has at least this many different characters.
const MIN_DIFFERENT: usize = 5;

/// As many characters in a row are a run.
const MIN_RUN: usize = 3;

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// It is too short.
    Short,
    /// It is too long.
    Long,
    /// It is made of what everybody knows of its holder.
    Own,
    /// It is among the first that are guessed.
    Common,
}

impl Weakness {
    /// What to do, for whoever chose it.
    pub fn advice(self) -> String {
        match self {
            Weakness::Short => format!("Choose a password of at least {MIN_CHARACTERS} characters"),
            Weakness::Long => format!("Choose a password of at most {MAX_BYTES} characters"),
            Weakness::Own => "Choose a password that is not made of your name, address or organisation".into(),
            Weakness::Common => {
                "Choose a password that is harder to guess: four words that do not belong together, for example".into()
            }
        }
    }
}

/// Words that common passwords are made of, lower-case, with letters for the digits and signs that stand for them.
#[rustfmt::skip]
const COMMON: &[&str] = &[
    "password", "passwort", "passwd", "passphrase", "parola", "contrasena", "motdepasse", "wachtwoord", "senha", "pass",
    "word", "secret", "geheim", "letmein", "welcome", "willkommen", "bienvenue", "bienvenido", "hello", "hallo", "bonjour",
    "changeme", "change", "default", "admin", "administrator", "root", "user", "username", "login", "guest", "test", "testing",
    "demo", "temp", "temporary", "master", "access", "system", "server", "computer", "internet", "security", "secure",
    "hirewire", "webhook", "hiring", "recruiting", "recruiter", "company", "office", "qwerty", "qwertz", "azerty", "asdf",
    "zxcvbn", "iloveyou", "loveyou", "love", "lovely", "iloveme", "forever", "always", "princess", "prince", "sunshine",
    "sunflower", "football", "fussball", "baseball", "basketball", "soccer", "hockey", "liverpool", "arsenal", "chelsea",
    "barcelona", "realmadrid", "juventus", "monkey", "dragon", "shadow", "superman", "batman", "spiderman", "pokemon",
    "starwars", "harrypotter", "trustno", "whatever", "nothing", "freedom", "flower", "summer", "winter", "spring", "autumn",
    "january", "february", "march", "april", "june", "july", "august", "september", "october", "november", "december",
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "michael", "jennifer", "jessica", "daniel",
    "charlie", "michelle", "ashley", "thomas", "robert", "jordan", "andrea", "google", "facebook", "linkedin", "microsoft",
    "windows", "samsung", "iphone", "apple", "chocolate", "cookie", "butterfly", "angel", "baby", "babygirl", "family",
    "please", "thankyou", "enter", "open", "sesame", "opensesame", "blink", "matrix", "killer", "hunter", "ranger", "mustang",
    "ferrari", "corvette", "mercedes", "money", "jesus", "christ", "blessed", "london", "berlin", "paris", "newyork",
    "america", "england", "deutschland", "thisis", "this", "is", "my", "the", "you", "new", "me", "one", "two", "three",
];

/// Rows of keyboards, and the orders that everybody knows.
const ROWS: [&str; 8] = [
    "1234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
];

/// Why a password is not taken, if it is not. `about` is what is known of its holder: address, name, organisation.
pub fn weakness(password: &str, about: &[&str]) -> Option<Weakness> {
    if password.chars().count() < MIN_CHARACTERS {
        return Some(Weakness::Short);
    }
    if password.len() > MAX_BYTES {
        return Some(Weakness::Long);
    }
    let all: Vec<char> = password.to_lowercase().chars().collect();
    let typed: Vec<char> = all.iter().copied().filter(|c| !c.is_whitespace()).collect();
    let mut different = all.clone();
    different.sort_unstable();
    different.dedup();
    if different.len() < MIN_DIFFERENT || repeats(&all) {
        return Some(Weakness::Common);
    }
    let common: Vec<Vec<char>> = COMMON.iter().map(|word| word.chars().collect()).collect();
    if rest(&typed, &common) < MIN_REST {
        return Some(Weakness::Common);
    }
    let own: Vec<Vec<char>> = about.iter().flat_map(|text| words(text)).collect();
    let own_and_common: Vec<Vec<char>> = own.into_iter().chain(common).collect();
    (rest(&typed, &own_and_common) < MIN_REST).then_some(Weakness::Own)
}

/// Whether it is a short text, written twice or more.
fn repeats(all: &[char]) -> bool {
    (1..MIN_CHARACTERS.min(all.len() / 2 + 1)).any(|length| {
        let (block, _) = all.split_at(length);
        all.chunks(length).all(|chunk| block.starts_with(chunk))
    })
}

/// The words of what is known of somebody.
fn words(text: &str) -> Vec<Vec<char>> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() >= 3);
    words.map(|word| word.chars().collect()).collect()
}

/// How many characters are left at least when words and runs are taken out.
fn rest(typed: &[char], words: &[Vec<char>]) -> usize {
    let plain: Vec<char> = typed.iter().map(|c| letter(*c)).collect();
    // `left[at]`: the least that is left of what stands before `at`.
    let mut left = vec![usize::MAX; typed.len() + 1];
    left[0] = 0;
    for at in 0..typed.len() {
        let so_far = left[at];
        left[at + 1] = left[at + 1].min(so_far + 1);
        for length in run(&typed[at..]) {
            left[at + length] = left[at + length].min(so_far);
        }
        for word in words {
            if typed[at..].starts_with(word) || plain[at..].starts_with(word) {
                left[at + word.len()] = left[at + word.len()].min(so_far);
            }
        }
    }
    left[typed.len()]
}

/// The letter that a digit or sign stands for.
fn letter(c: char) -> char {
    match c {
        '0' => 'o',
        '1' => 'i',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 't',
        other => other,
    }
}

/// The lengths of the run that this begins with: the same character, or a piece of a row in either direction.
fn run(typed: &[char]) -> std::ops::RangeInclusive<usize> {
    let same = typed.iter().take_while(|c| **c == typed[0]).count();
    let along = ROWS.iter().flat_map(|row| {
        let row: Vec<char> = row.chars().collect();
        [along(typed, row.iter()), along(typed, row.iter().rev())]
    });
    let longest = along.max().unwrap_or_default().max(same);
    // A year is no run, and as easily guessed.
    let is_year = typed.len() >= 4
        && matches!(typed[..2], ['1', '9'] | ['2', '0'])
        && typed[2..4].iter().all(char::is_ascii_digit);
    MIN_RUN..=(if is_year { longest.max(4) } else { longest })
}

/// How far this follows a row, which begins anew at its end.
fn along<'a>(typed: &[char], row: impl Iterator<Item = &'a char> + Clone) -> usize {
    let from = row.clone().cycle().take(2 * row.clone().count()).skip_while(|c| **c != typed[0]);
    typed.iter().zip(from).take_while(|(typed, expected)| typed == expected).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: [&str; 3] = ["siobhan.obrien@acme.example", "Siobhán O'Brien", "Acme Hiring"];

    #[test]
    fn what_is_guessed_first_is_not_taken() {
        for password in [
            "passwordpassword",
            "123456789012",
            "            ",
            "aaaaaaaaaaaa",
            "hirewirehirewire",
            "Password12345!",
            "P4ssw0rd2026!!",
            "qwertyuiop123",
            "QWERTZUIOP1234567890",
            "1qaz2wsx3edc",
            "abcdefghijkl",
            "Welcome2026Welcome",
            "iloveyou123456",
            "letmein letmein",
            "Summer2026!!!",
            "changeme1234",
            "abcabcabcabcabc",
            "Tr7Tr7Tr7Tr7Tr7",
            "111122223333",
        ] {
            assert_eq!(weakness(password, &ABOUT), Some(Weakness::Common), "{password}");
        }
    }

    #[test]
    fn what_everybody_knows_of_its_holder_is_not_taken() {
        for password in [
            "siobhan.obrien@acme.example",
            "Siobhán O'Brien",
            "siobhan2026acme!",
            "SiobhanObrien1",
            "acme-password-123",
        ] {
            assert_eq!(weakness(password, &ABOUT), Some(Weakness::Own), "{password}");
        }
        assert_eq!(weakness("siobhan.obrien@acme.example", &[]), None, "it is nobody's");
    }

    #[test]
    fn what_nobody_would_guess_is_taken() {
        for password in [
            "correct horse battery staple",
            "a password of my own",
            "another one of my own",
            "Xk7vQ2mB9wLpR4tZc8Ns",
            "mật khẩu của tôi dài",
            "كلمة سر طويلة جدا",
            "siobhan likes rhubarb crumble",
            "🧶🦔🌵🚲🪁🎻🧭🪕🛶🦜🧊🪴",
        ] {
            assert_eq!(weakness(password, &ABOUT), None, "{password}");
        }
    }

    #[test]
    fn length_is_counted_in_characters_and_bounded_in_bytes() {
        assert_eq!(weakness("ñandú ágil!", &[]), Some(Weakness::Short));
        assert_eq!(weakness("ñandú ágil!!", &[]), None);
        let long: String =
            (0..1_025).map(|at| char::from(b'a' + u8::try_from(at * at % 26).expect("a letter"))).collect();
        assert_eq!(weakness(&long, &[]), Some(Weakness::Long));
    }
}
