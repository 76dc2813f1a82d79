// Made from the documents of the server by `npm run generate`: what is changed here by hand is lost.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description What this Roomlog says of itself to anybody. */
        About: {
            /** @description The commit that it was built from; `unknown` where whoever built it did not say. */
            commit: string;
            epoch: components["schemas"]["Epoch"];
            /** @description Whether one may come in without an account. */
            guests: boolean;
            /** @description Where traces are looked at: `{jaeger_url}/trace/{trace_id}`; null: nowhere that is known here. */
            jaeger_url: string | null;
            /** @description What it calls itself to people. */
            name: string;
            password: components["schemas"]["PasswordBounds"];
            /** @description Whether people may make accounts for themselves. */
            registration: boolean;
            /** @description Of the program. */
            version: string;
        };
        /** @description A person as admins see them. */
        Account: {
            admin: boolean;
            /** @description May not sign in; so may the deleted not. */
            disabled: boolean;
            display_name: components["schemas"]["DisplayName"];
            id: components["schemas"]["UserId"];
            /** @description Guests, people of an outside issuer and the deleted have none. */
            username?: components["schemas"]["Username"];
        };
        /** @description A page of people. */
        Accounts: {
            /** @description Where the next page goes on; absent at the end. */
            next?: string;
            users: components["schemas"]["Account"][];
        };
        /** @description Something an admin did. */
        Act: {
            /** @description What, as in `user.disable`; a later server's may be another word. */
            action: string;
            /** @description Which admin; all zeros: the command line. */
            actor_id: components["schemas"]["UserId"];
            actor_username: components["schemas"]["Username"] | null;
            at: components["schemas"]["Time"];
            /** @description What else is to be known of it. */
            detail: Record<string, unknown>;
            /** Format: uuid */
            id: string;
            /**
             * Format: uuid
             * @description To whom or what.
             */
            target_id?: string;
            target_username: components["schemas"]["Username"] | null;
        };
        /**
         * @description What an admin can do: a word for what it is done to, and a verb.
         * @enum {string}
         */
        Action: "admin.create" | "log.tail" | "room.delete" | "user.disable" | "user.enable";
        /** @description A room as admins see it in a list. */
        AnyRoom: {
            created_at: components["schemas"]["Time"];
            /** @description By its owner, or by an admin. */
            deleted: boolean;
            /** @description The seq of the last event. */
            head: components["schemas"]["Seq"];
            id: components["schemas"]["RoomId"];
            kind: components["schemas"]["Kind"];
            /** @description Messages ever sent there. */
            messages: components["schemas"]["Count"];
            name: components["schemas"]["Name"];
            owner: components["schemas"]["UserId"] | null;
            topic: components["schemas"]["Topic"];
        };
        /** @description Rooms of every kind, in order of id, and where they go on. */
        AnyRooms: {
            after: components["schemas"]["RoomId"] | null;
            rooms: components["schemas"]["AnyRoom"][];
        };
        /** @description A page of acts, the latest first. */
        Audit: {
            acts: components["schemas"]["Act"][];
            /**
             * Format: uuid
             * @description Where the next page goes on; absent at the end.
             */
            next?: string;
        };
        /** @description The answer to `auth`. */
        AuthAnswer: Record<string, unknown>;
        /** @description Says who you are, or replaces a token that is about to expire. */
        AuthCommand: {
            token: string;
        };
        Author: {
            id: components["schemas"]["UserId"];
            name: components["schemas"]["DisplayName"];
        };
        /** @description Those who are banned now, in order of id. */
        Bans: {
            after: components["schemas"]["UserId"] | null;
            bans: components["schemas"]["Barred"][];
        };
        /** @description Somebody who is banned or muted. */
        Barred: components["schemas"]["Listed"] & {
            until: components["schemas"]["Time"] | null;
        };
        /** @description Nothing but what makes a retry safe; the body may be absent. */
        Begin: {
            cid?: components["schemas"]["Cid"] | null;
        };
        /** @description A close follows. */
        ByePush: {
            /** @enum {integer} */
            code: 4001 | 4002 | 4003 | 4004 | 4005 | 4101 | 4102 | 4103 | 4201 | 4202 | 4204;
            reason: string;
            resume: boolean;
            retry_after_ms?: number;
        };
        /** @description The answer to `cancel`. */
        CancelAnswer: Record<string, unknown>;
        /** @description Ends a replay: nothing of it comes after the answer. */
        CancelCommand: {
            replay: number;
        };
        /** @description The end of what a resume replays. */
        CaughtUpPush: {
            room: components["schemas"]["RoomId"];
            seq: components["schemas"]["Seq"];
        };
        /**
         * Format: uuid
         * @description The client's own id for a command: chosen once, repeated in every retry.
         */
        Cid: string;
        /** @description Nothing but what makes a retry safe; the body may be absent. */
        Command: {
            cid?: components["schemas"]["Cid"] | null;
            since?: components["schemas"]["Seq"] | null;
        };
        /**
         * Format: int64
         * @description How many there are.
         */
        Count: number;
        /** @description Where a listing goes on, as the page before said; opaque. */
        Cursor: string;
        /** @description A record that could not be read, or that a store refused. */
        DeadLetter: {
            /** @description When it was written. */
            at: components["schemas"]["Time"];
            key_bytes: number;
            offset: components["schemas"]["Offset"];
            origin: components["schemas"]["LetterOrigin"] | null;
            /** @description Where the letter stands, in the topic of dead letters. */
            partition: components["schemas"]["Partition"];
            /** @description What is wrong with the record: one word; null where the letter was not written by Roomlog. */
            reason: string | null;
            room: components["schemas"]["RoomId"] | null;
            value_bytes: number;
        };
        /** @description The latest dead letters. */
        DeadLetters: {
            /** @description Newest first. */
            letters: components["schemas"]["DeadLetter"][];
        };
        /** @description Takes it back; a tombstone stays. */
        DeleteCommand: {
            cid: components["schemas"]["Cid"];
            room: components["schemas"]["RoomId"];
            seq: components["schemas"]["Seq"];
            since?: components["schemas"]["Seq"] | null;
        };
        /** @description The room's chain of BLAKE3 digests, 16 bytes in hex. */
        Digest: string;
        /** @description The name that others see, one line. */
        DisplayName: string;
        /** @description Says it otherwise. */
        EditCommand: {
            cid: components["schemas"]["Cid"];
            mentions?: components["schemas"]["Mentions"] | null;
            room: components["schemas"]["RoomId"];
            seq: components["schemas"]["Seq"];
            since?: components["schemas"]["Seq"] | null;
            text: components["schemas"]["Text"];
        };
        /**
         * Format: uuid
         * @description The log's life: another one makes resuming and offsets void.
         */
        Epoch: string;
        /**
         * Format: uuid
         * @description An event's own id.
         */
        EventId: string;
        /** @description An accepted event: byte-identical for all who hear it, live or resumed, on any edge. */
        EventPush: {
            at: components["schemas"]["Time"];
            body: Record<string, unknown>;
            cid: components["schemas"]["Cid"];
            event_id: components["schemas"]["EventId"];
            from: components["schemas"]["From"];
            pos: components["schemas"]["Pos"];
            room: components["schemas"]["RoomId"];
            seq: components["schemas"]["Seq"];
            /** @enum {string} */
            type: "room_created" | "room_updated" | "room_deleted" | "member_joined" | "member_left" | "member_invited" | "member_removed" | "member_unbanned" | "member_muted" | "member_unmuted" | "role_changed" | "message_sent" | "message_edited" | "message_deleted" | "reaction_added" | "reaction_removed";
        };
        /** @description What was folded to know how the room stood. */
        Folded: {
            /** @description How many they were. */
            events: components["schemas"]["Count"];
            /** @description The snapshot that the fold began from; 0: the room's beginning. */
            from_seq: components["schemas"]["Seq"];
            /** @description Where the events after it were read. */
            source: components["schemas"]["Source"];
        };
        /** @description A room that anybody may find. */
        FoundRoom: {
            id: components["schemas"]["RoomId"];
            kind: components["schemas"]["Kind"];
            /** @description How many; 1,000 means 1,000 or more; of open rooms nobody knows. */
            members?: components["schemas"]["Count"];
            /** @description Messages ever sent there. */
            messages: components["schemas"]["Count"];
            name: components["schemas"]["Name"];
            topic: components["schemas"]["Topic"];
        };
        /** @description Rooms in order of their names, and where they go on. */
        FoundRooms: {
            after: components["schemas"]["Cursor"] | null;
            rooms: components["schemas"]["FoundRoom"][];
        };
        /** @description A person beside what they wrote. */
        From: {
            id: components["schemas"]["UserId"];
            name: components["schemas"]["DisplayName"];
        };
        /** @description You were removed or the room was deleted: the subscription has ended. */
        GonePush: {
            reason: string;
            room: components["schemas"]["RoomId"];
        };
        /** @description What is to be deleted for ever. */
        Goodbye: {
            password?: components["schemas"]["Password"] | null;
            /** @description Whether what you said is to be empty; false if absent: then only your name goes. */
            texts?: boolean | null;
        };
        /** @description Somebody without an account. */
        Guest: {
            display_name: components["schemas"]["DisplayName"];
        };
        /** @description The room's last event. */
        Head: {
            digest: components["schemas"]["Digest"];
            pos?: components["schemas"]["Pos"];
            seq: components["schemas"]["Seq"];
        };
        /** @description Comes once, before any other push but `bye`: who you are, and what a session is bounded by. */
        HelloPush: {
            epoch: components["schemas"]["Epoch"];
            heartbeat_ms: number;
            limits: {
                commands: number;
                message_bytes: number;
                rooms: number;
                text: number;
            };
            /** Format: uuid */
            session: string;
            user: components["schemas"]["From"];
        };
        /** @description A message that was found. */
        Hit: {
            /** @description What was found in its text: ranges of code points, each from its first to before its last, in order and apart. */
            highlights: number[][];
            message: components["schemas"]["Message"];
            room: components["schemas"]["RoomOfHit"];
        };
        /** @description Messages, newest first, and where they go on. */
        Hits: {
            before: components["schemas"]["Cursor"] | null;
            hits: components["schemas"]["Hit"][];
        };
        /** @description A room that you may join. */
        Invitation: {
            id: components["schemas"]["RoomId"];
            invited_by: components["schemas"]["UserId"];
            kind: components["schemas"]["Kind"];
            name: components["schemas"]["Name"];
            topic: components["schemas"]["Topic"];
        };
        /** @description Invitations, in order of the room's id, and where they go on. */
        Invitations: {
            after: components["schemas"]["RoomId"] | null;
            invitations: components["schemas"]["Invitation"][];
        };
        /** @description Somebody who was invited. */
        Invited: {
            /** @description By whom. */
            by: components["schemas"]["UserId"];
            id: components["schemas"]["UserId"];
        };
        /** @description Somebody who may join. */
        Invitee: components["schemas"]["Listed"] & {
            invited_by: components["schemas"]["UserId"];
        };
        /** @description Those who are invited, in order of id. */
        Invitees: {
            after: components["schemas"]["UserId"] | null;
            invitations: components["schemas"]["Invitee"][];
        };
        /** @description Becomes a member. */
        JoinCommand: {
            cid: components["schemas"]["Cid"];
            room: components["schemas"]["RoomId"];
            since?: components["schemas"]["Seq"] | null;
        };
        /** @description Somebody who was banned or muted. */
        Kept: {
            id: components["schemas"]["UserId"];
            until: components["schemas"]["Time"] | null;
        };
        /**
         * @description Who finds, reads and speaks in a room.
         * @enum {string}
         */
        Kind: "open" | "public" | "private" | "direct";
        /** @description You were too slow; the room is paused for you after this seq: subscribe again with `resume`. */
        LaggedPush: {
            room: components["schemas"]["RoomId"];
            seq: components["schemas"]["Seq"];
        };
        /** @description Stops being one. */
        LeaveCommand: {
            cid: components["schemas"]["Cid"];
            room: components["schemas"]["RoomId"];
            since?: components["schemas"]["Seq"] | null;
        };
        /** @description Where a record stands. */
        LetterOrigin: {
            offset: components["schemas"]["Offset"];
            partition: components["schemas"]["Partition"];
            topic: string;
        };
        /** @description Somebody in a list. */
        Listed: {
            /** @description As they are called now; absent while accounts are away. */
            display_name?: components["schemas"]["DisplayName"];
            id: components["schemas"]["UserId"];
            /** @description Guests, people of an outside issuer and the deleted have none; absent also while accounts are away. */
            username?: components["schemas"]["Username"];
        };
        /** @description Who one says one is. */
        Login: {
            password: string;
            username: string;
        };
        /** @description The log as it stands. */
        LogOverview: {
            epoch: components["schemas"]["Epoch"];
            history: components["schemas"]["ProjectionState"];
            live: components["schemas"]["ProjectionState"];
            /** @description In order. */
            partitions: components["schemas"]["LogPartition"][];
            /**
             * Format: double
             * @description Events a second in all partitions, over the last minute.
             */
            per_second: number;
            /** @description Events in all partitions. */
            records: components["schemas"]["Count"];
            /** @description The topic of events, by its whole name. */
            topic: string;
        };
        /** @description A partition of the log. */
        LogPartition: {
            /** @description The next offset to be written. */
            end: components["schemas"]["Offset"];
            history: components["schemas"]["ProjectionStand"] | null;
            live: components["schemas"]["ProjectionStand"] | null;
            partition: components["schemas"]["Partition"];
            /**
             * Format: double
             * @description Events a second, over the last minute.
             */
            per_second: number;
            /** @description The first offset that is there. */
            start: components["schemas"]["Offset"];
        };
        /**
         * @description A record of the log. What the fold says of it is not known here: an event that everybody ignores is shown like any other.
         *     Where records came faster than they were read, a line `{"passed_over":…}` says how many are missing.
         */
        LogRecord: {
            at: components["schemas"]["Time"];
            /** @description What the event says, without what people said. */
            body: Record<string, unknown>;
            cid?: components["schemas"]["Cid"] | null;
            event_id?: components["schemas"]["EventId"] | null;
            from?: components["schemas"]["Author"] | null;
            offset: components["schemas"]["Offset"];
            partition: components["schemas"]["Partition"];
            readable: boolean;
            room?: components["schemas"]["RoomId"] | null;
            /** @description `events`. */
            topic: string;
            /** @description Its type, or what is wrong with it. */
            type: string;
            /** @description `said`: what people said is not in `body`. */
            withheld?: string | null;
        };
        /** @description You, and what you are here. */
        Me: components["schemas"]["User"] & {
            /** @description Whether the paths below `/v1/admin` are yours to ask. */
            admin: boolean;
        };
        /** @description Somebody in a room. */
        Member: components["schemas"]["Listed"] & {
            joined_at: components["schemas"]["Time"];
            role: components["schemas"]["Role"];
        };
        /** @description Members, in order of id. */
        Members: {
            after: components["schemas"]["UserId"] | null;
            members: components["schemas"]["Member"][];
        };
        /** @description The people whom a message names. */
        Mentions: components["schemas"]["UserId"][];
        /** @description A message as it stands, as `viewer` sees it. */
        Message: {
            /** @description When the log took it. */
            at: components["schemas"]["Time"];
            /** @description A tombstone. */
            deleted?: boolean;
            edited_at?: components["schemas"]["Time"];
            from: components["schemas"]["From"];
            id: components["schemas"]["EventId"];
            mentions?: components["schemas"]["Mentions"];
            reactions: components["schemas"]["Reactions"][];
            reply_to?: components["schemas"]["Seq"];
            seq: components["schemas"]["Seq"];
            /** @description Empty once it is deleted, or its author erased with their texts. */
            text: string;
        };
        /** @description What a message is to say now. */
        MessageChange: {
            cid?: components["schemas"]["Cid"] | null;
            mentions?: components["schemas"]["Mentions"] | null;
            since?: components["schemas"]["Seq"] | null;
            text: components["schemas"]["Text"];
        };
        /** @description A message as it stood, its edits, deletion and reactions of then. */
        MessageOfThen: components["schemas"]["Message"] & {
            /** @description It was deleted after that point: whoever is neither its author nor may delete it here is not told its words. */
            deleted_since?: boolean;
            /** @description Its words are not told to you: it was deleted since, or that can't be known while history is away. */
            text_withheld?: boolean;
        };
        /** @description A window of messages as they stand, in order of seq, and where it goes on. */
        MessagePage: {
            after: components["schemas"]["Seq"] | null;
            anchor?: components["schemas"]["Seq"] | null;
            before: components["schemas"]["Seq"] | null;
            messages: components["schemas"]["Message"][];
        };
        /** @description Messages as they stand, in order of seq. */
        Messages: {
            messages: components["schemas"]["Message"][];
        };
        /** @description The answer to `more`. */
        MoreAnswer: Record<string, unknown>;
        /** @description Gives credit for a replay's next events; its end, `done`, comes as soon as there is credit for what would come next. */
        MoreCommand: {
            replay: number;
            window: number;
        };
        /** @description Those who are muted now, in order of id. */
        Mutes: {
            after: components["schemas"]["UserId"] | null;
            mutes: components["schemas"]["Barred"][];
        };
        /** @description A room that you have. */
        MyRoom: {
            /** @description The seq of the last event. */
            head: components["schemas"]["Seq"];
            id: components["schemas"]["RoomId"];
            kind: components["schemas"]["Kind"];
            last?: components["schemas"]["Message"] | null;
            /** @description Of them those that mention you; 100 means 100 or more. */
            mentions: components["schemas"]["Count"];
            name: components["schemas"]["Name"];
            /** @description The other one, of a direct room. */
            peer?: components["schemas"]["UserId"];
            /** @description How far you have read. */
            read_seq: components["schemas"]["Seq"];
            /** @description Yours; in an open room everyone is a member. */
            role: components["schemas"]["Role"];
            topic: components["schemas"]["Topic"];
            /** @description Messages after it. */
            unread: components["schemas"]["Count"];
        };
        /** @description Rooms, in order of id, and where they go on. */
        MyRooms: {
            after: components["schemas"]["RoomId"] | null;
            rooms: components["schemas"]["MyRoom"][];
        };
        /** @description A room's name, one line. */
        Name: string;
        /**
         * @description A kind that one can ask for; direct rooms are begun by name.
         * @enum {string}
         */
        NewKind: "open" | "public" | "private";
        /** @description Something to say. */
        NewMessage: {
            cid?: components["schemas"]["Cid"] | null;
            mentions?: components["schemas"]["Mentions"] | null;
            reply_to?: components["schemas"]["Seq"] | null;
            since?: components["schemas"]["Seq"] | null;
            text: components["schemas"]["Text"];
        };
        /** @description The password that is in force, and the next one. */
        NewPassword: {
            new: components["schemas"]["Password"];
            old: components["schemas"]["Password"];
        };
        /** @description With what one reacts. */
        NewReaction: {
            cid?: components["schemas"]["Cid"] | null;
            emoji: components["schemas"]["Reaction"];
            since?: components["schemas"]["Seq"] | null;
        };
        /** @description Who gets which role. */
        NewRole: {
            cid?: components["schemas"]["Cid"] | null;
            /** @description `owner` hands the room over. */
            role: components["schemas"]["Role"];
            since?: components["schemas"]["Seq"] | null;
            user: components["schemas"]["UserId"];
        };
        /** @description A new room. */
        NewRoom: {
            cid?: components["schemas"]["Cid"] | null;
            kind: components["schemas"]["NewKind"];
            name: components["schemas"]["Name"];
            topic?: components["schemas"]["Topic"] | null;
        };
        /**
         * Format: int64
         * @description An offset in its partition.
         */
        Offset: number;
        Original: {
            offset: components["schemas"]["Offset"];
            seq: components["schemas"]["Seq"];
        };
        /**
         * Format: int64
         * @description A partition of the log.
         */
        Partition: number;
        /** @description A password; the greater bound counts bytes. */
        Password: string;
        /** @description How long a password may be. */
        PasswordBounds: {
            /** @description Characters. */
            least: number;
            /** @description Bytes. */
            most: number;
        };
        /** @description A room as it stood. */
        Past: {
            /** @description When the log took it. */
            at: components["schemas"]["Time"];
            /** @description Those that were in force. */
            bans: components["schemas"]["Kept"][];
            bans_count: components["schemas"]["Count"];
            created_at: components["schemas"]["Time"];
            digest: components["schemas"]["Digest"];
            folded: components["schemas"]["Folded"];
            id: components["schemas"]["RoomId"];
            /** @description In order of id, at most 1,000, like the two that follow. */
            invitations: components["schemas"]["Invited"][];
            invitations_count: components["schemas"]["Count"];
            kind: components["schemas"]["Kind"];
            /** @description In order of id, at most 1,000; in an open room those with a role. */
            members: components["schemas"]["PastMember"][];
            members_after: components["schemas"]["UserId"] | null;
            /** @description How many there were in all. */
            members_count: components["schemas"]["Count"];
            /** @description Those that were in force. */
            mutes: components["schemas"]["Kept"][];
            mutes_count: components["schemas"]["Count"];
            name: components["schemas"]["Name"];
            owner: components["schemas"]["UserId"] | null;
            /** @description Where that event stands. */
            position: components["schemas"]["Pos"];
            /** @description The latest messages as they stood, in order of seq. */
            recent: components["schemas"]["MessageOfThen"][];
            /**
             * Format: int32
             * @description The rules in force.
             */
            rules: number;
            /** @description Its last event of then. */
            seq: components["schemas"]["Seq"];
            topic: components["schemas"]["Topic"];
        };
        /** @description A member of then. */
        PastMember: {
            id: components["schemas"]["UserId"];
            joined_at: components["schemas"]["Time"];
            role: components["schemas"]["Role"];
        };
        /** @description The answer to `ping`. */
        PingAnswer: {
            time: components["schemas"]["Time"];
        };
        /** @description Asks whether the edge still answers; `time` is its clock. */
        PingCommand: Record<string, never>;
        /** @description Answer with `{"pong":{}}` or any frame within 8 s. */
        PingPush: Record<string, never>;
        /** @description Where something stands in the log. */
        Pos: {
            /** @description Of which life of the log. */
            epoch: components["schemas"]["Epoch"];
            /** @description Where in it. */
            offset: components["schemas"]["Offset"];
            /** @description Which partition. */
            partition: components["schemas"]["Partition"];
        };
        /** @description What a room's name begins with, in whatever case. */
        Prefix: string;
        /** @description Who is in a room. */
        Presence: {
            count: components["schemas"]["Count"];
            /** @description At most 100 of them. */
            users: components["schemas"]["UserId"][];
        };
        /** @description Who is there. */
        PresenceCommand: {
            room: components["schemas"]["RoomId"];
        };
        /** @description Who came and who left; above 100 people the count alone. */
        PresencePush: {
            count: components["schemas"]["Count"];
            joined?: components["schemas"]["UserId"][];
            left?: components["schemas"]["UserId"][];
            room: components["schemas"]["RoomId"];
        };
        /** @description What went wrong: RFC 9457 §3.1, and our own members beside. */
        Problem: {
            /**
             * Format: int32
             * @description Stable, as is the name.
             */
            code: number;
            /** @description What it means here. */
            detail: string;
            /** @description The field that is wrong. */
            field?: string;
            name: string;
            /** @description Whether anything may have been written: `none` or `unknown` (retry with the same cid). */
            outcome: string;
            /** Format: int64 */
            retry_after_ms?: number;
            /** @description Whether the same can succeed later. */
            retryable: boolean;
            /** Format: int32 */
            status: number;
            /** @description What the name means. */
            title: string;
            trace_id: string;
            /** @description `urn:roomlog:error:` and the name. */
            type: string;
        };
        /** @description Where a projection stands in a partition. */
        ProjectionStand: {
            /** @description Records from there to the end. */
            behind: components["schemas"]["Count"];
            behind_ms: components["schemas"]["Count"] | null;
            next: components["schemas"]["Offset"] | null;
        };
        /** @description A projection over all partitions. */
        ProjectionState: {
            /** @description Whether it could be asked: if not, nothing of the above is known. */
            available: boolean;
            /** @description Records that it has not written yet. */
            behind: components["schemas"]["Count"];
            behind_ms: components["schemas"]["Count"] | null;
        };
        /** @description Reacts to a message. */
        ReactCommand: {
            cid: components["schemas"]["Cid"];
            emoji: components["schemas"]["Reaction"];
            room: components["schemas"]["RoomId"];
            seq: components["schemas"]["Seq"];
            since?: components["schemas"]["Seq"] | null;
        };
        /** @description A reaction, one line. */
        Reaction: string;
        /** @description One emoji under a message. */
        Reactions: {
            count: components["schemas"]["Count"];
            emoji: components["schemas"]["Reaction"];
            /** @description Whether you are among them. */
            mine?: boolean;
        };
        /** @description How far you have read. */
        Read: {
            seq: components["schemas"]["Seq"];
        };
        /** @description Moves your read marker, forwards only. */
        ReadCommand: {
            room: components["schemas"]["RoomId"];
            seq: components["schemas"]["Seq"];
        };
        /** @description How far somebody has read. */
        Reader: components["schemas"]["Listed"] & {
            seq: components["schemas"]["Seq"];
        };
        /** @description How far people have read, in order of id. */
        Readers: {
            after: components["schemas"]["UserId"] | null;
            reads: components["schemas"]["Reader"][];
        };
        /** @description Your own marker, moved by another of your sessions. */
        ReadPush: {
            room: components["schemas"]["RoomId"];
            seq: components["schemas"]["Seq"];
        };
        /** @description Where your read marker is. */
        ReadTo: {
            read_seq: components["schemas"]["Seq"];
        };
        /** @description Whether this process should be asked anything. */
        Ready: {
            /** @description `up`, or `down: ` and why, by name. */
            dependencies: {
                [key: string]: string;
            };
            /** @description It is being stopped. */
            draining: boolean;
            ready: boolean;
        };
        /** @description A receipt as clients see it: the `ok` of every write, by either door. */
        Receipt: {
            at: components["schemas"]["Time"] | null;
            cid: components["schemas"]["Cid"];
            digest: components["schemas"]["Digest"] | null;
            /** @description An earlier try with the same cid is the one that counts: this is its receipt. */
            duplicate: boolean;
            pos: components["schemas"]["Pos"];
            seq: components["schemas"]["Seq"];
            /** @description The trace of this try. */
            trace_id: string;
            /** @description Where to look at it; only where it is recorded and Jaeger's address is set. */
            trace_url?: string | null;
        };
        /** @description The answer to `recent`. */
        RecentAnswer: {
            recent: components["schemas"]["Message"][];
        };
        /** @description The latest messages as they stand. */
        RecentCommand: {
            limit?: number | null;
            room: components["schemas"]["RoomId"];
        };
        /** @description The refresh token, where no cookie carries it. */
        Refresh: {
            refresh_token?: components["schemas"]["Token"] | null;
        };
        /** @description A command was refused. */
        Refusal: {
            /** @enum {integer} */
            code: 100 | 101 | 102 | 103 | 110 | 111 | 200 | 201 | 202 | 203 | 210 | 211 | 212 | 300 | 301 | 302 | 303 | 304 | 305 | 306;
            field?: string;
            message: string;
            /** @enum {string} */
            name: "bad_request" | "unknown_command" | "too_large" | "unsupported_media_type" | "unauthenticated" | "forbidden" | "not_found" | "not_a_member" | "banned" | "muted" | "room_deleted" | "conflict" | "expired" | "rate_limited" | "overloaded" | "unavailable" | "timeout" | "behind" | "out_of_range" | "unsupported_rules";
            /** @enum {string} */
            outcome: "none" | "unknown";
            retry_after_ms?: number;
            retryable: boolean;
            trace_id: string;
        };
        /** @description A new account. */
        Register: {
            display_name?: components["schemas"]["DisplayName"] | null;
            password: components["schemas"]["Password"];
            username: components["schemas"]["Username"];
        };
        /** @description Another name. */
        Rename: {
            display_name: components["schemas"]["DisplayName"];
        };
        /** @description The answer to `replay`. */
        ReplayAnswer: {
            epoch: components["schemas"]["Epoch"];
            from: components["schemas"]["Offset"];
            partition: components["schemas"]["Partition"];
            replay: number;
            to: components["schemas"]["Offset"];
        };
        /** @description Reads a room's events from the log itself, as they happened. */
        ReplayCommand: {
            datum?: boolean | null;
            from: {
                epoch?: components["schemas"]["Epoch"];
                offset?: components["schemas"]["Offset"];
                partition?: components["schemas"]["Partition"];
                seq?: components["schemas"]["Seq"];
                time?: components["schemas"]["Time"];
            } & (unknown | unknown | unknown);
            room: components["schemas"]["RoomId"];
            to?: ({
                offset?: components["schemas"]["Offset"];
                seq?: components["schemas"]["Seq"];
                time?: components["schemas"]["Time"];
            } & (unknown | unknown | unknown)) | null;
            window?: number | null;
        };
        /**
         * @description One line: a record of the room, and the fold's word on it. The last line is `{"done":{"to":…}}`; where the replay can't
         *     go on, it is `{"error":{…}}` instead.
         */
        ReplayedEvent: {
            at: components["schemas"]["Time"];
            /** @description As the push `event` has it. */
            body?: Record<string, unknown> | null;
            cid?: components["schemas"]["Cid"] | null;
            /** @description The event's Avro bytes, base64: with them the chain can be computed again. */
            datum?: string | null;
            digest?: components["schemas"]["Digest"] | null;
            event_id?: components["schemas"]["EventId"] | null;
            from?: components["schemas"]["Author"] | null;
            original?: components["schemas"]["Original"] | null;
            pos: components["schemas"]["Pos"];
            reason?: string | null;
            room: components["schemas"]["RoomId"];
            seq?: components["schemas"]["Seq"] | null;
            /** @description The trace of the command that it comes from, recorded or not. */
            trace_id?: string | null;
            type?: string | null;
            /** @description `accepted`; `ignored` with the reason; `unreadable`, with `future` or what is damaged. */
            verdict: components["schemas"]["Verdict"];
            withheld?: components["schemas"]["Withheld"] | null;
        };
        /** @description A record of a replay; or its end, `done`; or why it can't go on, `error`. */
        ReplayPush: {
            done?: {
                to: components["schemas"]["Offset"];
            };
            error?: {
                /** @enum {integer} */
                code: 100 | 101 | 102 | 103 | 110 | 111 | 200 | 201 | 202 | 203 | 210 | 211 | 212 | 300 | 301 | 302 | 303 | 304 | 305 | 306;
                field?: string;
                message: string;
                /** @enum {string} */
                name: "bad_request" | "unknown_command" | "too_large" | "unsupported_media_type" | "unauthenticated" | "forbidden" | "not_found" | "not_a_member" | "banned" | "muted" | "room_deleted" | "conflict" | "expired" | "rate_limited" | "overloaded" | "unavailable" | "timeout" | "behind" | "out_of_range" | "unsupported_rules";
                /** @enum {string} */
                outcome: "none" | "unknown";
                retry_after_ms?: number;
                retryable: boolean;
                trace_id: string;
            };
            event?: components["schemas"]["ReplayedEvent"];
            replay: number;
        };
        /**
         * @description What a member may do, see docs/permissions.md.
         * @enum {string}
         */
        Role: "owner" | "moderator" | "member";
        /** @description A room as one person may see it. */
        Room: {
            created_at: components["schemas"]["Time"];
            deleted?: boolean;
            head: components["schemas"]["Head"];
            id: components["schemas"]["RoomId"];
            kind: components["schemas"]["Kind"];
            /** @description How many; of open rooms nobody knows. */
            members?: components["schemas"]["Count"];
            name: components["schemas"]["Name"];
            owner: components["schemas"]["UserId"] | null;
            role: components["schemas"]["Role"] | null;
            /**
             * Format: int32
             * @description The rules in force.
             */
            rules: number;
            topic: components["schemas"]["Topic"];
        };
        /** @description What is to be changed of a room: at least one of name and topic. */
        RoomChange: {
            cid?: components["schemas"]["Cid"] | null;
            name?: components["schemas"]["Name"] | null;
            since?: components["schemas"]["Seq"] | null;
            topic?: components["schemas"]["Topic"] | null;
        };
        /**
         * Format: uuid
         * @description A room.
         */
        RoomId: string;
        /** @description Where a message was found. */
        RoomOfHit: {
            id: components["schemas"]["RoomId"];
            kind: components["schemas"]["Kind"];
            name: components["schemas"]["Name"];
        };
        /** @description Says something. */
        SendCommand: {
            cid: components["schemas"]["Cid"];
            mentions?: components["schemas"]["Mentions"] | null;
            reply_to?: components["schemas"]["Seq"] | null;
            room: components["schemas"]["RoomId"];
            since?: components["schemas"]["Seq"] | null;
            text: components["schemas"]["Text"];
        };
        /**
         * Format: int64
         * @description The number of an event in its room, from 1, gap-free; 0 stands before the first.
         */
        Seq: number;
        /** @description A login of yours that goes on: a device on which you are signed in. */
        Session: {
            /** @description Where you signed in from. */
            address?: string;
            /** @description When you signed in. */
            created_at: components["schemas"]["Time"];
            /** @description Whether it is the one that asks. */
            current: boolean;
            /** @description It ends then, if nothing refreshes it. */
            expires_at: components["schemas"]["Time"];
            /** Format: uuid */
            id: string;
            /** @description When it was refreshed last. */
            used_at: components["schemas"]["Time"];
            /** @description As the device called itself when you signed in. */
            user_agent?: string;
        };
        /** @description The devices on which you are signed in, used last first. */
        Sessions: {
            sessions: components["schemas"]["Session"][];
        };
        /** @description Who you are, and what says so from now on; the same in cookies. */
        SignedIn: {
            /** @description Goes into `Authorization: Bearer`. */
            access_token: string;
            /** @description It is good until then. */
            expires_at: components["schemas"]["Time"];
            /** @description Good once; absent when another tab was faster and has the new one, and to who came by the cookie: there it stays. */
            refresh_token?: string;
            user: components["schemas"]["User"];
        };
        /**
         * @description Where the events of a walk through a room's past were read: in history's journal, in the log itself, or in both.
         * @enum {string}
         */
        Source: "journal" | "log" | "both";
        /** @description Hears a room from the instant of the answer on. */
        SubscribeCommand: {
            recent?: number | null;
            resume?: {
                epoch: components["schemas"]["Epoch"];
                seq: components["schemas"]["Seq"];
            } | null;
            room: components["schemas"]["RoomId"];
        };
        Subscription: {
            digest: components["schemas"]["Digest"];
            epoch: components["schemas"]["Epoch"];
            presence: components["schemas"]["Presence"];
            read_seq: components["schemas"]["Seq"];
            /** @enum {string} */
            reason?: "epoch" | "too_far" | "ahead";
            recent: components["schemas"]["Message"][];
            recovered: boolean | null;
            role: components["schemas"]["Role"] | null;
            room: components["schemas"]["Room"];
            seq: components["schemas"]["Seq"];
        };
        /** @description What a message says: CRLF becomes LF, then NFC, then both ends are trimmed. */
        Text: string;
        /** @description A message and what was said to it. */
        Thread: {
            after: components["schemas"]["Seq"] | null;
            /** @description How many there are in all; 1,000 means 1,000 or more. */
            count: components["schemas"]["Count"];
            message: components["schemas"]["Message"];
            /** @description In order of seq. */
            replies: components["schemas"]["Message"][];
        };
        /**
         * Format: int64
         * @description Milliseconds since 1970.
         */
        Time: number;
        /** @description A token; opaque. */
        Token: string;
        /** @description What a room is about, one line, may be empty. */
        Topic: string;
        /** @description Whom it is done to. */
        Towards: {
            cid?: components["schemas"]["Cid"] | null;
            since?: components["schemas"]["Seq"] | null;
            user: components["schemas"]["UserId"];
        };
        /** @description Whom it is done to, and for how long. */
        TowardsUntil: {
            cid?: components["schemas"]["Cid"] | null;
            since?: components["schemas"]["Seq"] | null;
            until?: components["schemas"]["Time"] | null;
            user: components["schemas"]["UserId"];
        };
        /** @description The caller's own trace (W3C Trace Context); what can't be read is passed over. */
        Trace: {
            traceparent: string;
            tracestate?: string;
        };
        /** @description The answer to `typing`. */
        TypingAnswer: Record<string, unknown>;
        /** @description Tells the room that you are writing. */
        TypingCommand: {
            room: components["schemas"]["RoomId"];
        };
        /** @description Who is writing. */
        TypingPush: {
            room: components["schemas"]["RoomId"];
            users: components["schemas"]["UserId"][];
        };
        /** @description Takes a reaction back. */
        UnreactCommand: {
            cid: components["schemas"]["Cid"];
            emoji: components["schemas"]["Reaction"];
            room: components["schemas"]["RoomId"];
            seq: components["schemas"]["Seq"];
            since?: components["schemas"]["Seq"] | null;
        };
        /** @description The answer to `unsubscribe`. */
        UnsubscribeAnswer: Record<string, unknown>;
        /** @description Hears it no more. */
        UnsubscribeCommand: {
            room: components["schemas"]["RoomId"];
        };
        /** @description A person; guests have no username. */
        User: {
            display_name: components["schemas"]["DisplayName"];
            id: components["schemas"]["UserId"];
            username?: components["schemas"]["Username"];
        };
        /**
         * Format: uuid
         * @description A person.
         */
        UserId: string;
        /** @description The name one signs in with. */
        Username: string;
        /**
         * @description The fold's word on a record.
         * @enum {string}
         */
        Verdict: "accepted" | "ignored" | "unreadable";
        /**
         * @description Why something is not shown.
         * @enum {string}
         */
        Withheld: "erased" | "deleted" | "ignored";
        /** @description Words, "phrases", -exclusions and `or`: at least one word to look for. */
        Words: string;
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type About = components['schemas']['About'];
export type Account = components['schemas']['Account'];
export type Accounts = components['schemas']['Accounts'];
export type Act = components['schemas']['Act'];
export type Action = components['schemas']['Action'];
export type AnyRoom = components['schemas']['AnyRoom'];
export type AnyRooms = components['schemas']['AnyRooms'];
export type Audit = components['schemas']['Audit'];
export type AuthAnswer = components['schemas']['AuthAnswer'];
export type AuthCommand = components['schemas']['AuthCommand'];
export type Author = components['schemas']['Author'];
export type Bans = components['schemas']['Bans'];
export type Barred = components['schemas']['Barred'];
export type Begin = components['schemas']['Begin'];
export type ByePush = components['schemas']['ByePush'];
export type CancelAnswer = components['schemas']['CancelAnswer'];
export type CancelCommand = components['schemas']['CancelCommand'];
export type CaughtUpPush = components['schemas']['CaughtUpPush'];
export type Cid = components['schemas']['Cid'];
export type Command = components['schemas']['Command'];
export type Count = components['schemas']['Count'];
export type Cursor = components['schemas']['Cursor'];
export type DeadLetter = components['schemas']['DeadLetter'];
export type DeadLetters = components['schemas']['DeadLetters'];
export type DeleteCommand = components['schemas']['DeleteCommand'];
export type Digest = components['schemas']['Digest'];
export type DisplayName = components['schemas']['DisplayName'];
export type EditCommand = components['schemas']['EditCommand'];
export type Epoch = components['schemas']['Epoch'];
export type EventId = components['schemas']['EventId'];
export type EventPush = components['schemas']['EventPush'];
export type Folded = components['schemas']['Folded'];
export type FoundRoom = components['schemas']['FoundRoom'];
export type FoundRooms = components['schemas']['FoundRooms'];
export type From = components['schemas']['From'];
export type GonePush = components['schemas']['GonePush'];
export type Goodbye = components['schemas']['Goodbye'];
export type Guest = components['schemas']['Guest'];
export type Head = components['schemas']['Head'];
export type HelloPush = components['schemas']['HelloPush'];
export type Hit = components['schemas']['Hit'];
export type Hits = components['schemas']['Hits'];
export type Invitation = components['schemas']['Invitation'];
export type Invitations = components['schemas']['Invitations'];
export type Invited = components['schemas']['Invited'];
export type Invitee = components['schemas']['Invitee'];
export type Invitees = components['schemas']['Invitees'];
export type JoinCommand = components['schemas']['JoinCommand'];
export type Kept = components['schemas']['Kept'];
export type Kind = components['schemas']['Kind'];
export type LaggedPush = components['schemas']['LaggedPush'];
export type LeaveCommand = components['schemas']['LeaveCommand'];
export type LetterOrigin = components['schemas']['LetterOrigin'];
export type Listed = components['schemas']['Listed'];
export type Login = components['schemas']['Login'];
export type LogOverview = components['schemas']['LogOverview'];
export type LogPartition = components['schemas']['LogPartition'];
export type LogRecord = components['schemas']['LogRecord'];
export type Me = components['schemas']['Me'];
export type Member = components['schemas']['Member'];
export type Members = components['schemas']['Members'];
export type Mentions = components['schemas']['Mentions'];
export type Message = components['schemas']['Message'];
export type MessageChange = components['schemas']['MessageChange'];
export type MessageOfThen = components['schemas']['MessageOfThen'];
export type MessagePage = components['schemas']['MessagePage'];
export type Messages = components['schemas']['Messages'];
export type MoreAnswer = components['schemas']['MoreAnswer'];
export type MoreCommand = components['schemas']['MoreCommand'];
export type Mutes = components['schemas']['Mutes'];
export type MyRoom = components['schemas']['MyRoom'];
export type MyRooms = components['schemas']['MyRooms'];
export type Name = components['schemas']['Name'];
export type NewKind = components['schemas']['NewKind'];
export type NewMessage = components['schemas']['NewMessage'];
export type NewPassword = components['schemas']['NewPassword'];
export type NewReaction = components['schemas']['NewReaction'];
export type NewRole = components['schemas']['NewRole'];
export type NewRoom = components['schemas']['NewRoom'];
export type Offset = components['schemas']['Offset'];
export type Original = components['schemas']['Original'];
export type Partition = components['schemas']['Partition'];
export type Password = components['schemas']['Password'];
export type PasswordBounds = components['schemas']['PasswordBounds'];
export type Past = components['schemas']['Past'];
export type PastMember = components['schemas']['PastMember'];
export type PingAnswer = components['schemas']['PingAnswer'];
export type PingCommand = components['schemas']['PingCommand'];
export type PingPush = components['schemas']['PingPush'];
export type Pos = components['schemas']['Pos'];
export type Prefix = components['schemas']['Prefix'];
export type Presence = components['schemas']['Presence'];
export type PresenceCommand = components['schemas']['PresenceCommand'];
export type PresencePush = components['schemas']['PresencePush'];
export type Problem = components['schemas']['Problem'];
export type ProjectionStand = components['schemas']['ProjectionStand'];
export type ProjectionState = components['schemas']['ProjectionState'];
export type ReactCommand = components['schemas']['ReactCommand'];
export type Reaction = components['schemas']['Reaction'];
export type Reactions = components['schemas']['Reactions'];
export type Read = components['schemas']['Read'];
export type ReadCommand = components['schemas']['ReadCommand'];
export type Reader = components['schemas']['Reader'];
export type Readers = components['schemas']['Readers'];
export type ReadPush = components['schemas']['ReadPush'];
export type ReadTo = components['schemas']['ReadTo'];
export type Ready = components['schemas']['Ready'];
export type Receipt = components['schemas']['Receipt'];
export type RecentAnswer = components['schemas']['RecentAnswer'];
export type RecentCommand = components['schemas']['RecentCommand'];
export type Refresh = components['schemas']['Refresh'];
export type Refusal = components['schemas']['Refusal'];
export type Register = components['schemas']['Register'];
export type Rename = components['schemas']['Rename'];
export type ReplayAnswer = components['schemas']['ReplayAnswer'];
export type ReplayCommand = components['schemas']['ReplayCommand'];
export type ReplayedEvent = components['schemas']['ReplayedEvent'];
export type ReplayPush = components['schemas']['ReplayPush'];
export type Role = components['schemas']['Role'];
export type Room = components['schemas']['Room'];
export type RoomChange = components['schemas']['RoomChange'];
export type RoomId = components['schemas']['RoomId'];
export type RoomOfHit = components['schemas']['RoomOfHit'];
export type SendCommand = components['schemas']['SendCommand'];
export type Seq = components['schemas']['Seq'];
export type Session = components['schemas']['Session'];
export type Sessions = components['schemas']['Sessions'];
export type SignedIn = components['schemas']['SignedIn'];
export type Source = components['schemas']['Source'];
export type SubscribeCommand = components['schemas']['SubscribeCommand'];
export type Subscription = components['schemas']['Subscription'];
export type Text = components['schemas']['Text'];
export type Thread = components['schemas']['Thread'];
export type Time = components['schemas']['Time'];
export type Token = components['schemas']['Token'];
export type Topic = components['schemas']['Topic'];
export type Towards = components['schemas']['Towards'];
export type TowardsUntil = components['schemas']['TowardsUntil'];
export type Trace = components['schemas']['Trace'];
export type TypingAnswer = components['schemas']['TypingAnswer'];
export type TypingCommand = components['schemas']['TypingCommand'];
export type TypingPush = components['schemas']['TypingPush'];
export type UnreactCommand = components['schemas']['UnreactCommand'];
export type UnsubscribeAnswer = components['schemas']['UnsubscribeAnswer'];
export type UnsubscribeCommand = components['schemas']['UnsubscribeCommand'];
export type User = components['schemas']['User'];
export type UserId = components['schemas']['UserId'];
export type Username = components['schemas']['Username'];
export type Verdict = components['schemas']['Verdict'];
export type Withheld = components['schemas']['Withheld'];
export type Words = components['schemas']['Words'];
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
