-- Each service owns one database; its tables are made by its own migrations.
CREATE DATABASE auth;
CREATE DATABASE payments;
CREATE DATABASE admin;
CREATE DATABASE profile;
