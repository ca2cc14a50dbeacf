-- Purpose: keep the verdict on a training's challenger; a second one replaces the first.
-- Grain: one row. Key: training_id. Inputs: ml.decision. Parameters: one per column.
insert into ml.decision (
    training_id, challenger, champion, verdict, reason, lead_mean, lead_low, lead_high, p, guardrails, protocol,
    decided_by
)
values (
    %(training_id)s, %(challenger)s, %(champion)s, %(verdict)s, %(reason)s, %(lead_mean)s, %(lead_low)s,
    %(lead_high)s, %(p)s, %(guardrails)s, %(protocol)s,
    'rules'
)
on conflict (training_id) do update
    set
        challenger = excluded.challenger,
        champion = excluded.champion,
        verdict = excluded.verdict,
        reason = excluded.reason,
        lead_mean = excluded.lead_mean,
        lead_low = excluded.lead_low,
        lead_high = excluded.lead_high,
        p = excluded.p,
        guardrails = excluded.guardrails,
        protocol = excluded.protocol,
        ranker = null,
        decided_by = excluded.decided_by,
        decided_at = now();
