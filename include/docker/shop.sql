-- The demo shop of the profile mysql: ten customers who have rated eight movies each, as a source of ratings.
create table ratings (
    user_id int not null,
    movie_id int not null,
    rating tinyint not null,
    rated_at datetime not null,
    updated_at timestamp not null default current_timestamp on update current_timestamp,
    primary key (user_id, movie_id)
);
insert into ratings (user_id, movie_id, rating, rated_at)
select
    900000 + customer.seq as user_id,
    1 + (customer.seq * 7 + bought.seq * 3) % 50 as movie_id,
    1 + (customer.seq + bought.seq) % 5 as rating,
    timestamp('2020-01-01') + interval customer.seq * 100 + bought.seq hour as rated_at
from seq_1_to_10 as customer
cross join seq_1_to_8 as bought;
