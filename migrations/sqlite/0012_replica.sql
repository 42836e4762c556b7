-- What a server needs to answer from memory (docs/adr/0012). One process writes and reads here, so there are no other
-- nodes to wait for.

-- Changes when rows that events make were changed otherwise than by an event.
CREATE TABLE replica_epoch (
    id    INTEGER CONSTRAINT replica_epoch_one_row PRIMARY KEY
                  CONSTRAINT replica_epoch_id_true CHECK (id = 1), -- 1: there is one row
    epoch INTEGER NOT NULL -- goes up by one each time
) STRICT;

INSERT INTO replica_epoch (id, epoch) VALUES (1, 1);
