/**
 * Sources over drivers, which are optional peer dependencies: a driver is loaded when its source is read. And `concat`, which makes one
 * source of several.
 *
 * @module rollcall/sources
 * @packageDocumentation
 */
export type { DatabaseOptions } from '../sources/database/database-options.js';
export type { DatabaseSource, QueryOptions } from '../sources/database/database-source.js';
export type { TextRow } from '../sources/database/rows-of-text.js';
export { concat } from '../sources/concat.js';
export { openMysql } from '../sources/database/open-mysql.js';
export { openPostgres } from '../sources/database/open-postgres.js';
export { openSqlite, type SqliteOptions } from '../sources/database/open-sqlite.js';
export { fromRest, type RestRow } from '../sources/rest/from-rest.js';
export type { CursorProperty, NextPage, RestOptions } from '../sources/rest/rest-options.js';
export { fromExcel, type FromExcelOptions } from '../sources/excel/from-excel.js';
export { openLdap, type LdapSource } from '../sources/ldap/open-ldap.js';
export type { LdapCell, LdapRow } from '../sources/ldap/ldap-row.js';
export type { EntrySelection, LdapMembers, LdapOptions, LdapSearch } from '../sources/ldap/ldap-options.js';
