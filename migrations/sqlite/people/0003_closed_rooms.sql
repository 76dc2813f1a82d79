-- Rooms that an admin deleted: gone for everyone, whatever the log goes on to say of them. The log itself knows no admins.
CREATE TABLE closed_rooms (
    room_id  BLOB NOT NULL,
    audit_id BLOB NOT NULL,
    PRIMARY KEY (room_id)
) STRICT, WITHOUT ROWID;
