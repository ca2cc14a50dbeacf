-- A viewer out of the demo application's tables, and out of the planner's statistics of them. Parameters: user_id.
delete from feedback_event
where user_id = %(user_id)s;

delete from user_profile
where btrim(user_id) = (%(user_id)s)::bigint::text;

analyze feedback_event, user_profile;
