-- Where the projector keeps its views. They are disposable and its own to make and drop: nothing in here is migrated.

create schema views authorization {projector};

-- As the owner, which the login that migrates is a member of without having its rights.
set local role {projector};
grant usage on schema views to {reader}, {app};
reset role;
