-- A small company for the examples postgres.ts, mariadb.ts and sqlite.ts. Plain SQL that all three take.
CREATE TABLE people (
  employee_id varchar(20) PRIMARY KEY,
  email       varchar(100) NOT NULL,
  given_name  varchar(50),
  family_name varchar(50),
  department  varchar(100),
  left_on     date
);
CREATE TABLE teams (
  team_id varchar(20) PRIMARY KEY,
  name    varchar(200) NOT NULL,
  purpose varchar(500)
);
CREATE TABLE team_members (
  team_id     varchar(20) NOT NULL,
  employee_id varchar(20) NOT NULL,
  PRIMARY KEY (team_id, employee_id)
);
INSERT INTO people VALUES
  ('1001', 'anna.berg@example.com', 'Anna', 'Berg', 'Engineering', NULL),
  ('1002', 'jurgen.muller@example.com', 'Jürgen', 'Müller', 'Engineering', NULL),
  ('1003', 'zoe.obrien@example.com', 'Zoë', 'O''Brien', 'Finance', NULL),
  ('1004', 'misaki.sato@example.com', '美咲', '佐藤', 'Sales, EMEA', NULL),
  ('1005', 'olga.ivanova@example.com', 'Ольга', 'Иванова', NULL, NULL),
  ('1006', 'left.long-ago@example.com', 'Lee', 'Vance', 'Finance', '2024-03-31');
INSERT INTO teams VALUES
  ('engineering', 'Engineering', 'Builds it'),
  ('finance', 'Finance', NULL),
  ('everybody', 'Everybody', 'All who work here');
INSERT INTO team_members VALUES
  ('engineering', '1001'), ('engineering', '1002'), ('finance', '1003'), ('finance', '1006'),
  ('everybody', '1001'), ('everybody', '1002'), ('everybody', '1003'), ('everybody', '1004'), ('everybody', '1005'),
  ('everybody', '1006');
