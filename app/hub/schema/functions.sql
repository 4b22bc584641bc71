-- What a station may do at the hub. Each function runs with the owner's rights and finds out by the login role which
-- station calls; it is replaced whole at each `guanjian hub init`. Refusals have codes of class GJ (app/hub/errors.py).

CREATE OR REPLACE FUNCTION me() RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
DECLARE found text;
BEGIN
    SELECT station INTO found FROM stations WHERE role = session_user;
    IF found IS NULL THEN
        RAISE EXCEPTION 'role % is enrolled for no station', session_user USING ERRCODE = 'GJ001';
    END IF;
    RETURN found;
END $$;

CREATE OR REPLACE FUNCTION require_supervisor() RETURNS void LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
BEGIN
    PERFORM FROM stations WHERE station = me() AND may_supervise;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'station % may not supervise', me() USING ERRCODE = 'GJ014';
    END IF;
END $$;

-- The log that the caller may write to.
CREATE OR REPLACE FUNCTION own_log(of_store uuid) RETURNS logs LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
DECLARE found logs; caller text := me();
BEGIN
    SELECT l.* INTO found FROM logs l JOIN stations s USING (station)
        WHERE l.store = of_store AND s.station = caller AND s.store = of_store FOR UPDATE OF l;
    IF found.store IS NULL THEN
        RAISE EXCEPTION 'station % may not write the log of store %', caller, of_store USING ERRCODE = 'GJ002';
    END IF;
    RETURN found;
END $$;

CREATE OR REPLACE FUNCTION hello(of_store uuid, log_name text, version text, OUT last_seq bigint, OUT last_hash bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
DECLARE caller text := me();
BEGIN
    UPDATE stations s SET store = of_store WHERE s.station = caller AND s.store IS NULL
        AND NOT EXISTS (SELECT FROM logs l WHERE l.store = of_store AND l.station <> caller);
    INSERT INTO logs (store, station, last_hash) SELECT of_store, s.station, sha256(convert_to(
        format(E'guanjian log 1\n%s\n%s', replace(of_store::text, '-', ''), log_name), 'UTF8'))
        FROM stations s WHERE s.station = caller AND s.store = of_store ON CONFLICT DO NOTHING;
    SELECT l.last_seq, l.last_hash INTO hello.last_seq, hello.last_hash FROM own_log(of_store) l;
    UPDATE stations s SET seen_at = clock_timestamp(), version = hello.version WHERE s.station = caller;
END $$;

-- Add a month's part where it is missing.
CREATE OR REPLACE FUNCTION make_month(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
DECLARE first date := date_trunc('month', day);
BEGIN
    IF to_regclass(format('guanjian.events_%s', to_char(first, 'YYYYMM'))) IS NULL THEN
        PERFORM pg_advisory_xact_lock(hashtext('guanjian.make_month'));
        EXECUTE format('CREATE TABLE IF NOT EXISTS events_%s PARTITION OF events FOR VALUES FROM (%L) TO (%L)',
            to_char(first, 'YYYYMM'), first::timestamp AT TIME ZONE 'UTC',
            (first + interval '1 month') AT TIME ZONE 'UTC');
    END IF;
END $$;

-- Take a batch of events of one store, in order, with what is now known of the parcels that they are about.
-- What was sent before is passed over, if it is the same. Returns the last event that is here.
CREATE OR REPLACE FUNCTION push(of_store uuid, still_waiting bigint, seqs bigint[], ats bigint[], monotonics bigint[],
    boots text[], hlcs bigint[], kinds text[], parcel_ids bigint[], bodies text[], hashes bytea[], changed jsonb)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
DECLARE
    log logs := own_log(of_store);
    count int := coalesce(cardinality(seqs), 0);
    wrong bigint;
BEGIN
    UPDATE stations SET seen_at = clock_timestamp(), backlog = still_waiting WHERE station = log.station;
    IF count = 0 THEN
        RETURN log.last_seq;
    END IF;
    IF count > 5000 THEN
        RAISE EXCEPTION 'a batch of % events is too large', count USING ERRCODE = 'GJ006';
    END IF;
    IF seqs[1] > log.last_seq + 1 THEN
        RAISE EXCEPTION 'events % to % are missing', log.last_seq + 1, seqs[1] - 1 USING ERRCODE = 'GJ003';
    END IF;
    IF seqs[1] <= log.last_seq THEN
        SELECT min(u.seq) INTO wrong FROM unnest(seqs, hashes) u(seq, hash)
            LEFT JOIN events e ON e.store = of_store AND e.seq = u.seq
            WHERE u.seq <= log.last_seq AND u.hash IS DISTINCT FROM e.hash;
        IF wrong IS NOT NULL THEN
            RAISE EXCEPTION 'event % is another one than the hub has', wrong USING ERRCODE = 'GJ004';
        END IF;
    END IF;
    PERFORM make_month((now() AT TIME ZONE 'UTC')::date);
    WITH fresh AS (
        SELECT u.*, row_number() OVER (ORDER BY u.seq) AS place,
            lag(u.hash, 1, log.last_hash) OVER (ORDER BY u.seq) AS before
        FROM unnest(seqs, ats, monotonics, boots, hlcs, kinds, parcel_ids, bodies, hashes)
            u(seq, at_us, monotonic_us, boot, hlc, kind, parcel_id, body, hash)
        WHERE u.seq > log.last_seq
    ), put AS (
        INSERT INTO events (store, seq, at_us, monotonic_us, boot, hlc, kind, parcel_id, body, hash)
        SELECT of_store, seq, at_us, monotonic_us, boot, hlc, kind, parcel_id, body, hash FROM fresh ORDER BY seq
    )
    SELECT min(seq) INTO wrong FROM fresh WHERE seq <> log.last_seq + place OR hash <> sha256(before || convert_to(
        seq || ' ' || at_us || ' ' || monotonic_us || ' ' || boot || ' ' || hlc || ' ' || kind || ' '
        || coalesce(parcel_id::text, '-') || E'\n' || body, 'UTF8'));
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'event % does not follow from the one before it', wrong USING ERRCODE = 'GJ005';
    END IF;
    IF seqs[count] > log.last_seq THEN
        UPDATE logs SET last_seq = seqs[count], last_hash = hashes[count], received_at = clock_timestamp()
            WHERE store = of_store;
        PERFORM put_parcels(of_store, log.station, changed);
    END IF;
    RETURN greatest(log.last_seq, seqs[count]);
END $$;

CREATE OR REPLACE FUNCTION lets_go(state text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT state IN ('released', 'cond_released', 'closed')
$$;
CREATE OR REPLACE FUNCTION stops(state text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT state IN ('referred', 'examining', 'exam_abnormal', 'awaiting_party', 'awaiting_lab', 'held', 'detained',
        'confiscated', 'destroyed')
$$;

CREATE OR REPLACE FUNCTION put_parcels(of_store uuid, of_station text, changed jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
DECLARE puts put[] := ARRAY(SELECT r FROM jsonb_populate_recordset(NULL::put, changed) r);
BEGIN
    INSERT INTO conflicts (kind, store, parcel_id, number, state, other_station, other_state)
        SELECT 'number', gone.store, gone.parcel_id, r.number, gone.state, gone.other, gone.other_state
        FROM unnest(puts) r JOIN parcels p ON p.number = r.number AND p.number <> '' AND p.store <> of_store
            AND abs(p.arrived_us - r.arrived_us) < 31536000000000
        JOIN logs l ON l.store = p.store
        CROSS JOIN LATERAL (
            SELECT of_store AS store, r.parcel_id, r.state, l.station AS other, p.state AS other_state
                WHERE lets_go(r.state) AND stops(p.state)
            UNION ALL SELECT p.store, p.parcel_id, p.state, of_station, r.state WHERE lets_go(p.state) AND stops(r.state)
        ) gone
        WHERE NOT EXISTS (SELECT FROM conflicts c WHERE c.kind = 'number'
            AND c.store = gone.store AND c.parcel_id = gone.parcel_id AND c.other_station = gone.other);
    IF FOUND THEN
        PERFORM pg_notify('guanjian', of_station);
    END IF;
    INSERT INTO parcels SELECT of_store, parcel_id, version, number, state, arrived_us FROM unnest(puts)
        ON CONFLICT (store, parcel_id) DO UPDATE SET version = excluded.version, number = excluded.number,
            state = excluded.state, arrived_us = excluded.arrived_us WHERE parcels.version < excluded.version;
    DELETE FROM queue q USING unnest(puts) r WHERE q.store = of_store AND q.parcel_id = r.parcel_id AND NOT r.waits;
    INSERT INTO queue AS q (store, parcel_id, version, lane, state, priority, arrived_us, offered)
        SELECT of_store, parcel_id, version, lane, state, priority, arrived_us, offered FROM unnest(puts) WHERE waits
        ON CONFLICT (store, parcel_id) DO UPDATE SET version = excluded.version, lane = excluded.lane,
            state = excluded.state, priority = excluded.priority, offered = excluded.offered;
    INSERT INTO records SELECT of_store, parcel_id, record FROM unnest(puts) WHERE waits AND record IS NOT NULL
        ON CONFLICT (store, parcel_id) DO UPDATE SET record = excluded.record;
END $$;

CREATE OR REPLACE FUNCTION put_checkpoint(of_store uuid, of_size bigint, of_root bytea, of_note text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
DECLARE log logs := own_log(of_store); kept bytea;
BEGIN
    IF length(of_note) > 4000 THEN
        RAISE EXCEPTION 'a checkpoint of % characters is none', length(of_note) USING ERRCODE = 'GJ006';
    END IF;
    INSERT INTO checkpoints (store, size, root, note) VALUES (of_store, of_size, of_root, of_note) ON CONFLICT DO NOTHING;
    SELECT root INTO kept FROM checkpoints WHERE store = of_store AND size = of_size;
    IF kept <> of_root THEN
        RAISE EXCEPTION 'the checkpoint of % events is another one than the hub has', of_size USING ERRCODE = 'GJ004';
    END IF;
END $$;

-- What a station has to do for others: verdicts to apply, parcels to hold, pictures to send.
CREATE OR REPLACE FUNCTION pull(of_store uuid) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
BEGIN
    PERFORM FROM stations WHERE station = me() AND store = of_store;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'store % is not that of station %', of_store, me() USING ERRCODE = 'GJ002';
    END IF;
    RETURN jsonb_build_object(
        'verdicts', (SELECT coalesce(jsonb_agg(to_jsonb(v) ORDER BY v.made_at), '[]') FROM (
            SELECT verdict, parcel_id, seat, officer, second_officer, action, reason, note, annotations, seen_version, made_at
            FROM verdicts WHERE store = of_store AND outcome IS NULL ORDER BY made_at LIMIT 50) v),
        'holds', (SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.id), '[]') FROM (
            SELECT id, parcel_id, number, state, other_station, other_state FROM conflicts
            WHERE store = of_store AND outcome IS NULL AND kind = 'number' ORDER BY id LIMIT 50) c),
        'pictures', (SELECT coalesce(jsonb_agg(jsonb_build_array(w.parcel_id, w.sha256)), '[]') FROM (
            SELECT parcel_id, sha256 FROM wanted_pictures WHERE store = of_store AND parts IS NULL AND failed = ''
            ORDER BY wanted_at LIMIT 8) w));
END $$;

CREATE OR REPLACE FUNCTION answer_verdict(of_store uuid, of_verdict uuid, of_outcome text, of_detail text, of_state text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
DECLARE log logs := own_log(of_store); said verdicts;
BEGIN
    UPDATE verdicts SET outcome = of_outcome, detail = of_detail, answered_at = now()
        WHERE verdict = of_verdict AND store = of_store AND outcome IS NULL RETURNING * INTO said;
    IF said.verdict IS NULL THEN
        PERFORM FROM verdicts WHERE verdict = of_verdict AND store = of_store;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'verdict % is not for store %', of_verdict, of_store USING ERRCODE = 'GJ002';
        END IF;
        RETURN;
    END IF;
    UPDATE queue SET verdict = NULL, officer = '', seat = '', lease_until = '-infinity'
        WHERE store = of_store AND parcel_id = said.parcel_id AND verdict = of_verdict;
    IF of_outcome = 'conflict' THEN
        INSERT INTO conflicts (kind, store, parcel_id, number, state, other_station, other_state, outcome)
            SELECT 'verdict', of_store, said.parcel_id, coalesce(p.number, ''), of_state, said.seat, said.action, of_detail
            FROM (SELECT) one LEFT JOIN parcels p ON p.store = of_store AND p.parcel_id = said.parcel_id;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION answer_hold(of_store uuid, of_id bigint, of_outcome text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
DECLARE log logs := own_log(of_store);
BEGIN
    UPDATE conflicts SET outcome = of_outcome WHERE id = of_id AND store = of_store AND outcome IS NULL;
END $$;

-- Claims

CREATE OR REPLACE FUNCTION lease(seconds int) RETURNS interval LANGUAGE sql IMMUTABLE AS $$
    SELECT make_interval(secs => least(greatest(seconds, 5), 3600))
$$;

-- The next parcel that nobody looks at: the most urgent, then the riskiest lane, then the oldest.
CREATE OR REPLACE FUNCTION claim_next(by_officer text, lease_s int, OUT of_store uuid, OUT of_parcel bigint,
    OUT of_version int, OUT of_fence bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
DECLARE caller text := me();
BEGIN
    IF EXISTS (SELECT FROM queue WHERE officer <> '' AND verdict IS NULL AND lease_until < now()) THEN
        UPDATE queue q SET officer = '', seat = '' FROM (SELECT store, parcel_id FROM queue
                WHERE officer <> '' AND verdict IS NULL AND lease_until < now() FOR UPDATE SKIP LOCKED) e
            WHERE q.store = e.store AND q.parcel_id = e.parcel_id;
    END IF;
    UPDATE queue q SET officer = by_officer, seat = caller, fence = nextval('fences'), lease_until = now() + lease(lease_s)
        FROM (SELECT store, parcel_id FROM queue WHERE offered AND verdict IS NULL AND officer = ''
              ORDER BY urgency DESC, priority DESC, arrived_us LIMIT 1 FOR UPDATE SKIP LOCKED) n
        WHERE q.store = n.store AND q.parcel_id = n.parcel_id
        RETURNING q.store, q.parcel_id, q.version, q.fence INTO of_store, of_parcel, of_version, of_fence;
    IF of_fence IS NOT NULL THEN
        INSERT INTO claims (fence, store, parcel_id, officer, seat, how)
            VALUES (of_fence, of_store, of_parcel, by_officer, caller, 'claimed');
    END IF;
END $$;

-- One parcel that somebody opens; the same officer at the same seat claims anew what he has.
CREATE OR REPLACE FUNCTION claim(of_store uuid, of_parcel bigint, by_officer text, lease_s int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
DECLARE caller text := me(); found queue; fresh bigint;
BEGIN
    SELECT * INTO found FROM queue WHERE store = of_store AND parcel_id = of_parcel FOR UPDATE;
    IF found.store IS NULL THEN
        RAISE EXCEPTION 'parcel % does not wait', of_parcel USING ERRCODE = 'GJ012';
    END IF;
    IF found.verdict IS NOT NULL OR found.lease_until >= now() AND (found.officer, found.seat) <> (by_officer, caller) THEN
        RAISE EXCEPTION 'parcel % is with % at %', of_parcel, found.officer, found.seat
            USING ERRCODE = 'GJ011', DETAIL = format('%s|%s', found.officer, found.seat);
    END IF;
    IF NOT found.offered AND caller <> (SELECT station FROM logs WHERE store = of_store) THEN
        RAISE EXCEPTION 'parcel % is not offered to others', of_parcel USING ERRCODE = 'GJ012';
    END IF;
    fresh := nextval('fences');
    UPDATE queue SET officer = by_officer, seat = caller, fence = fresh, lease_until = now() + lease(lease_s)
        WHERE store = of_store AND parcel_id = of_parcel;
    INSERT INTO claims (fence, store, parcel_id, officer, seat, how)
        VALUES (fresh, of_store, of_parcel, by_officer, caller, 'claimed');
    RETURN fresh;
END $$;

-- The queue row that a fence holds now; anything else was handed on, ran out or was answered.
CREATE OR REPLACE FUNCTION held(of_fence bigint) RETURNS queue LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
DECLARE caller text := me(); found queue;
BEGIN
    SELECT q.* INTO found FROM claims c JOIN queue q ON q.store = c.store AND q.parcel_id = c.parcel_id
        WHERE c.fence = of_fence AND q.fence = of_fence AND q.seat = caller AND q.lease_until >= now() AND q.verdict IS NULL
        FOR UPDATE OF q;
    IF found.store IS NULL THEN
        RAISE EXCEPTION 'claim % is not held here any more', of_fence USING ERRCODE = 'GJ010';
    END IF;
    RETURN found;
END $$;

CREATE OR REPLACE FUNCTION extend(of_fence bigint, lease_s int) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
DECLARE found queue := held(of_fence);
BEGIN
    UPDATE queue SET lease_until = now() + lease(lease_s) WHERE store = found.store AND parcel_id = found.parcel_id;
END $$;

CREATE OR REPLACE FUNCTION give_back(of_fence bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
DECLARE found queue := held(of_fence);
BEGIN
    UPDATE queue SET officer = '', seat = '', lease_until = '-infinity'
        WHERE store = found.store AND parcel_id = found.parcel_id;
END $$;

-- Give a claim to another officer, who has it under a new fence; the old one is worth nothing from now on.
CREATE OR REPLACE FUNCTION hand_over(of_fence bigint, to_officer text, to_seat text, lease_s int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
DECLARE found queue := held(of_fence);
BEGIN
    RETURN pass_on(found.store, found.parcel_id, to_officer, to_seat, lease_s, 'handed_over');
END $$;

-- A supervisor gives what somebody looks at to somebody else.
CREATE OR REPLACE FUNCTION reassign(of_store uuid, of_parcel bigint, to_officer text, to_seat text, lease_s int)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
BEGIN
    PERFORM require_supervisor();
    PERFORM FROM queue WHERE store = of_store AND parcel_id = of_parcel AND verdict IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'parcel % does not wait', of_parcel USING ERRCODE = 'GJ012';
    END IF;
    RETURN pass_on(of_store, of_parcel, to_officer, to_seat, lease_s, 'reassigned');
END $$;

CREATE OR REPLACE FUNCTION pass_on(of_store uuid, of_parcel bigint, to_officer text, to_seat text, lease_s int, how text)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
DECLARE fresh bigint := nextval('fences');
BEGIN
    PERFORM FROM stations WHERE station = to_seat;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no station %', to_seat USING ERRCODE = 'GJ012';
    END IF;
    UPDATE queue SET officer = to_officer, seat = to_seat, fence = fresh, lease_until = now() + lease(lease_s)
        WHERE store = of_store AND parcel_id = of_parcel;
    INSERT INTO claims (fence, store, parcel_id, officer, seat, how)
        VALUES (fresh, of_store, of_parcel, to_officer, to_seat, how);
    PERFORM pg_notify('guanjian', to_seat);
    RETURN fresh;
END $$;

CREATE OR REPLACE FUNCTION set_urgency(of_store uuid, of_parcel bigint, to_urgency int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
BEGIN
    PERFORM require_supervisor();
    UPDATE queue SET urgency = least(greatest(to_urgency, 0), 9) WHERE store = of_store AND parcel_id = of_parcel;
END $$;

-- Decide on what is claimed. The same verdict again is passed over; another one under a used fence is refused.
CREATE OR REPLACE FUNCTION submit(of_verdict uuid, of_fence bigint, by_officer text, with_officer text, of_action text,
    of_reason text, of_note text, of_annotations text, of_seen_version int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
DECLARE caller text := me(); before verdicts; found queue;
BEGIN
    SELECT * INTO before FROM verdicts WHERE fence = of_fence;
    IF before.verdict = of_verdict AND before.seat = caller THEN
        RETURN;
    ELSIF before.verdict IS NOT NULL THEN
        RAISE EXCEPTION 'claim % was decided already', of_fence USING ERRCODE = 'GJ013';
    END IF;
    found := held(of_fence);
    IF found.officer <> by_officer THEN
        RAISE EXCEPTION 'claim % is that of %', of_fence, found.officer USING ERRCODE = 'GJ010';
    END IF;
    IF length(of_annotations) > 262144 OR length(of_note) > 4000 THEN
        RAISE EXCEPTION 'the note or what was drawn is too long' USING ERRCODE = 'GJ006';
    END IF;
    INSERT INTO verdicts (verdict, store, parcel_id, fence, seat, officer, second_officer, action, reason, note,
            annotations, seen_version)
        VALUES (of_verdict, found.store, found.parcel_id, of_fence, caller, by_officer, with_officer, of_action,
            of_reason, of_note, of_annotations, of_seen_version);
    UPDATE queue SET verdict = of_verdict WHERE store = found.store AND parcel_id = found.parcel_id;
    PERFORM pg_notify('guanjian', (SELECT station FROM logs WHERE store = found.store));
END $$;

CREATE OR REPLACE FUNCTION resolve(of_id bigint, by_officer text, of_note text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
BEGIN
    PERFORM require_supervisor();
    UPDATE conflicts SET resolved_at = now(), resolved_by = by_officer, note = left(of_note, 4000)
        WHERE id = of_id AND resolved_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'conflict % is not open', of_id USING ERRCODE = 'GJ012';
    END IF;
END $$;

-- Pictures

CREATE OR REPLACE FUNCTION want_picture(of_store uuid, of_parcel bigint, of_sha256 text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
BEGIN
    PERFORM me();
    DELETE FROM wanted_pictures WHERE wanted_at < now() - interval '1 hour';
    INSERT INTO wanted_pictures (store, sha256, parcel_id) VALUES (of_store, of_sha256, of_parcel)
        ON CONFLICT (store, sha256) DO UPDATE SET failed = '' WHERE wanted_pictures.failed <> '';
    PERFORM pg_notify('guanjian', (SELECT station FROM logs WHERE store = of_store));
END $$;

CREATE OR REPLACE FUNCTION put_part(of_store uuid, of_sha256 text, of_part int, of_bytes bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
BEGIN
    PERFORM own_log(of_store);
    IF of_part NOT BETWEEN 0 AND 255 OR length(of_bytes) > 1048576 THEN
        RAISE EXCEPTION 'the picture is too large' USING ERRCODE = 'GJ006';
    END IF;
    INSERT INTO picture_parts VALUES (of_store, of_sha256, of_part, of_bytes)
        ON CONFLICT (store, sha256, part) DO UPDATE SET bytes = excluded.bytes;
END $$;

-- All parts of a picture were sent, or it cannot be had (`why`).
CREATE OR REPLACE FUNCTION end_picture(of_store uuid, of_sha256 text, of_parts int, of_sidecar bytea, why text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
BEGIN
    PERFORM own_log(of_store);
    IF length(of_sidecar) > 8388608 THEN
        RAISE EXCEPTION 'the picture is too large' USING ERRCODE = 'GJ006';
    END IF;
    UPDATE wanted_pictures SET parts = of_parts, sidecar = of_sidecar, failed = left(why, 200)
        WHERE store = of_store AND sha256 = of_sha256;
END $$;

CREATE OR REPLACE FUNCTION picture_head(of_store uuid, of_sha256 text, OUT of_parts int, OUT of_sidecar bytea, OUT why text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
    SELECT parts, sidecar, failed FROM wanted_pictures WHERE store = of_store AND sha256 = of_sha256 AND me() <> ''
$$;
CREATE OR REPLACE FUNCTION picture_part(of_store uuid, of_sha256 text, of_part int) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
    SELECT bytes FROM picture_parts WHERE store = of_store AND sha256 = of_sha256 AND part = of_part AND me() <> ''
$$;

-- Everything about a claimed parcel, and at which station it is.
CREATE OR REPLACE FUNCTION record_of(of_fence bigint, OUT of_station text, OUT of_record text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = guanjian, pg_temp AS $$
    SELECT l.station, r.record FROM queue q JOIN records r USING (store, parcel_id) JOIN claims c USING (store, parcel_id)
        JOIN logs l USING (store) WHERE c.fence = of_fence AND q.fence = of_fence AND q.seat = me()
$$;

-- What everybody at the post may see

CREATE OR REPLACE VIEW lanes AS
    SELECT s.station, s.store, s.seen_at, s.backlog, s.version, coalesce(l.last_seq, 0) AS events, l.received_at,
        coalesce(q.waiting, 0) AS waiting, coalesce(q.offered, 0) AS offered, coalesce(q.claimed, 0) AS claimed,
        coalesce(q.red, 0) AS red, q.oldest_us,
        (SELECT count(*) FROM verdicts v WHERE v.store = s.store AND v.outcome IS NULL) AS verdicts
    FROM stations s LEFT JOIN logs l USING (store) LEFT JOIN (
        SELECT store, count(*) AS waiting, count(*) FILTER (WHERE offered) AS offered,
            count(*) FILTER (WHERE lease_until >= now()) AS claimed, count(*) FILTER (WHERE lane = 'red') AS red,
            min(arrived_us) AS oldest_us
        FROM queue GROUP BY store) q USING (store);

CREATE OR REPLACE VIEW claimed AS
    SELECT q.store, q.parcel_id, l.station, p.number, q.lane, q.state, q.urgency, q.version, q.officer, q.seat, q.fence,
        q.lease_until, q.verdict IS NOT NULL AS is_decided
    FROM queue q JOIN logs l USING (store) JOIN parcels p USING (store, parcel_id)
    WHERE q.lease_until >= now() OR q.verdict IS NOT NULL;

CREATE OR REPLACE VIEW offered AS
    SELECT q.store, q.parcel_id, l.station, p.number, q.lane, q.state, q.urgency, q.priority, q.arrived_us
    FROM queue q JOIN logs l USING (store) JOIN parcels p USING (store, parcel_id)
    WHERE q.offered AND q.verdict IS NULL AND (q.officer = '' OR q.lease_until < now());

CREATE OR REPLACE VIEW open_conflicts AS
    SELECT c.id, c.kind, l.station, c.parcel_id, c.number, c.state, c.other_station, c.other_state, c.found_at, c.outcome
    FROM conflicts c JOIN logs l USING (store) WHERE c.resolved_at IS NULL;

-- The outcome of what this station decided for others
CREATE OR REPLACE VIEW own_verdicts AS
    SELECT v.verdict, v.officer, v.action, v.made_at, v.outcome, v.detail FROM verdicts v
    WHERE v.seat = (SELECT s.station FROM stations s WHERE s.role = session_user);

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA guanjian FROM PUBLIC;
GRANT USAGE ON SCHEMA guanjian TO guanjian_station;
GRANT SELECT ON lanes, claimed, offered, open_conflicts, own_verdicts TO guanjian_station;
GRANT EXECUTE ON FUNCTION hello, push, put_checkpoint, pull, answer_verdict, answer_hold, claim_next, claim,
    extend, give_back, hand_over, reassign, set_urgency, submit, resolve, want_picture, put_part, end_picture,
    picture_head, picture_part, record_of TO guanjian_station;
