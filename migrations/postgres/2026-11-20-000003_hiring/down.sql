DROP TABLE imports;
DROP TABLE applications;
DROP TABLE candidates;
DROP TABLE vacancies;
