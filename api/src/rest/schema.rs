//! The words of the OpenAPI document: how each value looks as JSON.
//!
//! What must hold: a word here accepts what its reader in `protocol::fields` accepts. They are names of schemas alone and
//! have no values: handlers name them where a field's own type knows nothing of documents.

use crate::protocol::fields::{GREATEST_INTEGER, MENTIONS};
use engine::domain::{Body, Emoji, MessageText, PersonName, RoomName, RoomTopic};
use engine::history::listings::Query;
use engine::people::accounts;
use engine::people::act::ACTIONS;
use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

macro_rules! words {
    ($($(#[doc = $about:literal])+ $name:ident = $schema:expr;)*) => {
        $(
            $(#[doc = $about])+
            pub(crate) enum $name {}

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    const ABOUT: &str = concat!($($about, "\n"),+);
                    $schema.description(Some(ABOUT.trim())).into()
                }
            }

            impl ToSchema for $name {}
        )*
    };
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn number(least: u64) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(least))
        .maximum(Some(GREATEST_INTEGER))
}

fn id() -> ObjectBuilder {
    text().format(Some(SchemaFormat::Custom("uuid".to_owned())))
}

fn one_of(names: &[&str]) -> ObjectBuilder {
    text().enum_values(Some(names.iter().map(ToString::to_string)))
}

/// Of `least` to `most` code points, none of them a control character, not all of them spaces where there must be some.
fn line(least: usize, most: usize) -> ObjectBuilder {
    let pattern = if least == 0 { LINE_OR_NOTHING } else { LINE };
    text()
        .min_length(Some(least))
        .max_length(Some(most))
        .pattern(Some(pattern))
}

const LINE: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";
const LINE_OR_NOTHING: &str = r"^[^\x00-\x1f\x7f-\x9f]*$";
const LINES: &str = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\x9f][^\x00-\x08\x0b-\x1f\x7f-\x9f]*$";

words! {
    /// A room.
    RoomId = id();
    /// A person.
    UserId = id();
    /// The client's own id for a command: chosen once, repeated in every retry.
    Cid = id();
    /// An event's own id.
    EventId = id();
    /// The log's life: another one makes resuming and offsets void.
    Epoch = id();
    /// The number of an event in its room, from 1, gap-free; 0 stands before the first.
    Seq = number(0);
    /// How many there are.
    Count = number(0);
    /// A partition of the log.
    Partition = number(0).maximum(Some(u16::MAX));
    /// An offset in its partition.
    Offset = number(0);
    /// Milliseconds since 1970.
    Time = number(0);
    /// The room's chain of BLAKE3 digests, 16 bytes in hex.
    Digest = text().pattern(Some("^[0-9a-f]{32}$"));
    /// Who finds, reads and speaks in a room.
    Kind = one_of(&["open", "public", "private", "direct"]);
    /// A kind that one can ask for; direct rooms are begun by name.
    NewKind = one_of(&["open", "public", "private"]);
    /// What a member may do, see docs/permissions.md.
    Role = one_of(&["owner", "moderator", "member"]);
    /// Where the events of a walk through a room's past were read: in history's journal, in the log itself, or in both.
    Source = one_of(&["journal", "log", "both"]);
    /// A room's name, one line.
    Name = line(1, RoomName::MOST);
    /// What a room is about, one line, may be empty.
    Topic = line(0, RoomTopic::MOST);
    /// The name that others see, one line.
    DisplayName = line(1, PersonName::MOST);
    /// The name one signs in with.
    Username = text().pattern(Some("^[a-z0-9_.-]{3,32}$"));
    /// A password; its bounds are configured, the greater one counts bytes.
    Password = text();
    /// What a message says: CRLF becomes LF, then NFC, then both ends are trimmed.
    Text = text().min_length(Some(1)).max_length(Some(MessageText::MOST)).pattern(Some(LINES));
    /// A reaction, one line.
    Reaction = line(1, Emoji::MOST);
    /// A token; opaque.
    Token = text();
    /// What a room's name begins with, in whatever case.
    Prefix = line(0, RoomName::MOST);
    /// Words, "phrases", -exclusions and `or`: at least one word to look for.
    Words = text().min_length(Some(1)).max_length(Some(Query::MOST));
    /// A type of event.
    EventType = one_of(&Body::TYPE_NAMES);
    /// What an admin can do: a word for what it is done to, and a verb.
    Action = one_of(&ACTIONS);
    /// The fold's word on a record.
    Verdict = one_of(&["accepted", "ignored", "unreadable"]);
    /// Why something is not shown.
    Withheld = one_of(&["erased", "deleted", "ignored"]);
    /// Where a listing goes on, as the page before said; opaque.
    Cursor = text().pattern(Some("^[A-Za-z0-9_-]+$"));
}

/// The people whom a message names.
pub(crate) enum Mentions {}

impl PartialSchema for Mentions {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new()
            .items(Ref::from_schema_name("UserId"))
            .max_items(Some(MENTIONS))
            .description(Some("The people whom a message names."))
            .into()
    }
}

impl ToSchema for Mentions {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push(("UserId".into(), UserId::schema()));
    }
}

/// The words whose bounds are configured, as they are here.
pub(super) fn configured(accounts: &accounts::Config) -> [(String, RefOr<Schema>); 1] {
    let password = text()
        .min_length(Some(accounts.password_least))
        .max_length(Some(accounts.password_most))
        .description(Some("A password; the greater bound counts bytes."));
    [(Password::name().into(), password.into())]
}

#[cfg(test)]
mod tests {
    use super::{Kind, NewKind, Role, Source};
    use engine::{domain, travel};
    use serde::Serialize;
    use utoipa::PartialSchema;

    fn values<T: PartialSchema>() -> Vec<serde_json::Value> {
        let schema = serde_json::to_value(T::schema()).expect("a schema is JSON");
        schema["enum"].as_array().expect("of a list").clone()
    }

    fn json<T: Serialize>(list: &[T]) -> Vec<serde_json::Value> {
        list.iter()
            .map(|one| serde_json::to_value(one).expect("JSON"))
            .collect()
    }

    #[test]
    fn lists_of_words_are_the_domains() {
        use domain::Kind::{Direct, Open, Private, Public};
        use domain::Role::{Member, Moderator, Owner};
        assert_eq!(values::<Kind>(), json(&[Open, Public, Private, Direct]));
        assert_eq!(values::<NewKind>(), json(&[Open, Public, Private]));
        assert_eq!(values::<Role>(), json(&[Owner, Moderator, Member]));
        let sources = [travel::Source::Journal, travel::Source::Log, travel::Source::Both];
        assert_eq!(values::<Source>(), json(&sources.map(travel::Source::name)));
    }
}
