//! The tables, once for both databases. Written by hand beside the migrations; a test compares them.

#![expect(missing_docs, reason = "a table and its columns are what their names say")]

diesel::table! {
    settings (name) {
        name -> Text,
        value -> Binary,
    }
}

diesel::table! {
    organisations (id) {
        id -> Text,
        name -> Text,
        time_zone -> Text,
        suspended_at -> Nullable<BigInt>,
        created_at -> BigInt,
        support_contact -> Nullable<Text>,
    }
}

diesel::table! {
    members (id) {
        id -> Text,
        email -> Text,
        name -> Text,
        password_hash -> Text,
        created_at -> BigInt,
        address_proven_at -> Nullable<BigInt>,
        password_given_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    memberships (member_id, organisation_id) {
        member_id -> Text,
        organisation_id -> Text,
        role -> Text,
        created_at -> BigInt,
        last_seen_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    invitations (id) {
        id -> Text,
        organisation_id -> Text,
        email -> Text,
        name -> Nullable<Text>,
        role -> Text,
        hash -> Text,
        invited_by -> Text,
        mail -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> BigInt,
        ended -> Nullable<Text>,
        ended_at -> Nullable<BigInt>,
        channel -> Nullable<Text>,
    }
}

diesel::table! {
    first_runs (hash) {
        hash -> Text,
        instance_id -> Text,
    }
}

diesel::table! {
    hooks (id) {
        id -> Text,
        organisation_id -> Text,
        mode -> Text,
        name -> Text,
        url -> Text,
        policy -> Text,
        field_set -> Text,
        events -> Nullable<Text>,
        is_default -> Bool,
        state -> Text,
        created_by -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
        interview_id -> Nullable<Text>,
        own_policy -> Bool,
        replaced_by -> Nullable<Text>,
        note -> Nullable<Text>,
        rate_limit -> Nullable<Text>,
    }
}

diesel::table! {
    hook_headers (id) {
        id -> Text,
        hook_id -> Text,
        place -> Integer,
        name -> Text,
        sealed -> Binary,
    }
}

diesel::table! {
    hook_health (hook_id) {
        hook_id -> Text,
        failed_in_row -> Integer,
        since -> BigInt,
        warned -> Integer,
        disabled_for -> Nullable<Text>,
        disabled_at -> Nullable<BigInt>,
        gone_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    credentials (id) {
        id -> Text,
        hook_id -> Text,
        kind -> Text,
        sealed -> Binary,
        ends_in -> Text,
        created_by -> Nullable<Text>,
        created_at -> BigInt,
        ends_at -> Nullable<BigInt>,
        is_known -> Bool,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    preferences (hook_id) {
        hook_id -> Text,
        prefers -> Text,
        since -> BigInt,
    }
}

diesel::table! {
    api_keys (id) {
        id -> Text,
        organisation_id -> Text,
        mode -> Text,
        name -> Text,
        hash -> Text,
        ends_in -> Text,
        created_by -> Nullable<Text>,
        created_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    vacancies (id) {
        id -> Text,
        organisation_id -> Text,
        mode -> Text,
        title -> Text,
        reference -> Nullable<Text>,
        status -> Text,
        department -> Nullable<Text>,
        location -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    candidates (id) {
        id -> Text,
        organisation_id -> Text,
        mode -> Text,
        external_id -> Nullable<Text>,
        email -> Nullable<Text>,
        profile -> Text,
        consent_withdrawn_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    applications (id) {
        id -> Text,
        candidate_id -> Text,
        vacancy_id -> Text,
        applied_at -> BigInt,
        source -> Nullable<Text>,
        status -> Text,
        stage -> Text,
        review -> Text,
        updated_at -> BigInt,
    }
}

diesel::table! {
    interviews (id) {
        id -> Text,
        organisation_id -> Text,
        mode -> Text,
        vacancy_id -> Nullable<Text>,
        title -> Text,
        duration_minutes -> Integer,
        expires_after_minutes -> Integer,
        created_by -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    interview_sessions (id) {
        id -> Text,
        interview_id -> Text,
        organisation_id -> Text,
        candidate_id -> Text,
        token -> Text,
        state -> Text,
        started_at -> Nullable<BigInt>,
        expires_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        result -> Nullable<Text>,
        event_id -> Nullable<Text>,
        invited_by -> Nullable<Text>,
        invited_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    imports (id) {
        id -> Text,
        organisation_id -> Text,
        vacancy_id -> Text,
        member_id -> Text,
        file_name -> Text,
        content -> Nullable<Binary>,
        report -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    instances (id) {
        id -> Text,
        started_at -> BigInt,
        heartbeat_at -> BigInt,
    }
}

diesel::table! {
    generation (id) {
        id -> Integer,
        value -> BigInt,
    }
}

diesel::table! {
    changes (seq, place) {
        seq -> BigInt,
        place -> Integer,
        organisation_id -> Nullable<Text>,
        hook_id -> Nullable<Text>,
        delivery_id -> Nullable<Text>,
        at -> BigInt,
    }
}

diesel::table! {
    events (id) {
        id -> Text,
        organisation_id -> Text,
        mode -> Text,
        kind -> Text,
        client_id -> Nullable<Text>,
        occurred_at -> BigInt,
        probe -> Bool,
        deliveries -> Integer,
        created_at -> BigInt,
    }
}

diesel::table! {
    event_bodies (event_id, field_set) {
        event_id -> Text,
        field_set -> Text,
        body -> Binary,
    }
}

diesel::table! {
    event_candidates (candidate_id, event_id) {
        candidate_id -> Text,
        event_id -> Text,
    }
}

diesel::table! {
    deliveries (id) {
        id -> Text,
        event_id -> Text,
        hook_id -> Text,
        organisation_id -> Text,
        mode -> Text,
        kind -> Text,
        probe -> Bool,
        field_set -> Text,
        status -> Text,
        due_at -> Nullable<BigInt>,
        status_before -> Nullable<Text>,
        arrived_before -> Nullable<BigInt>,
        next_trigger -> Text,
        automatic_tries -> Integer,
        manual_tries -> Integer,
        sent_at -> Nullable<BigInt>,
        completed_at -> Nullable<BigInt>,
        response_status -> Nullable<Integer>,
        last_class -> Nullable<Text>,
        holder -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
        rotation_tries -> Integer,
    }
}

diesel::table! {
    open_deliveries (delivery_id) {
        delivery_id -> Text,
        organisation_id -> Text,
        hook_id -> Text,
        probe -> Bool,
        status -> Text,
        due_at -> Nullable<BigInt>,
        holder -> Nullable<Text>,
        status_before -> Nullable<Text>,
        arrived_before -> Nullable<BigInt>,
        next_trigger -> Text,
        automatic_tries -> Integer,
        manual_tries -> Integer,
        rotation_tries -> Integer,
        sent_at -> Nullable<BigInt>,
        response_status -> Nullable<Integer>,
        last_class -> Nullable<Text>,
        updated_at -> BigInt,
    }
}

diesel::table! {
    attempts (delivery_id, number) {
        id -> Text,
        delivery_id -> Text,
        number -> Integer,
        trigger_kind -> Text,
        started_at -> BigInt,
        finished_at -> BigInt,
        request_target -> Nullable<Text>,
        request_headers -> Nullable<Text>,
        response_status -> Nullable<Integer>,
        response_headers -> Nullable<Text>,
        response_headers_cut -> Bool,
        response_body -> Nullable<Binary>,
        response_body_cut -> Bool,
        dns_us -> Nullable<BigInt>,
        connect_us -> Nullable<BigInt>,
        first_byte_us -> Nullable<BigInt>,
        total_us -> BigInt,
        remote -> Nullable<Text>,
        error_class -> Nullable<Text>,
        detail -> Nullable<Text>,
        secret_ends_in -> Nullable<Text>,
        key_ends_in -> Nullable<Text>,
    }
}

diesel::table! {
    exports (id) {
        id -> Text,
        organisation_id -> Text,
        mode -> Text,
        vacancy_id -> Text,
        hook_id -> Text,
        event_id -> Text,
        delivery_id -> Text,
        requested_by -> Text,
        field_set -> Text,
        candidate_count -> Integer,
        excluded -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    export_candidates (export_id, candidate_id) {
        export_id -> Text,
        candidate_id -> Text,
    }
}

diesel::table! {
    web_sessions (id) {
        id -> Text,
        member_id -> Nullable<Text>,
        state -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        name -> Nullable<Text>,
        browser -> Nullable<Text>,
    }
}

diesel::table! {
    submissions (token) {
        token -> Text,
        result -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    reveals (owner, object) {
        owner -> Text,
        object -> Text,
        sealed -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    audit (id) {
        id -> Text,
        organisation_id -> Nullable<Text>,
        member_id -> Nullable<Text>,
        act -> Text,
        object -> Nullable<Text>,
        detail -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    upgrades (name) {
        name -> Text,
        finished_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    settings,
    organisations,
    members,
    memberships,
    invitations,
    first_runs,
    hooks,
    hook_headers,
    hook_health,
    credentials,
    preferences,
    api_keys,
    vacancies,
    candidates,
    applications,
    interviews,
    interview_sessions,
    imports,
    instances,
    events,
    event_bodies,
    event_candidates,
    generation,
    changes,
    deliveries,
    open_deliveries,
    attempts,
    exports,
    export_candidates,
    web_sessions,
    submissions,
    reveals,
    audit,
    upgrades
);
