/** Names that exports give the columns of users, without case and separators; the first that a header has is taken. */
const USUAL: Readonly<Record<string, readonly string[]>> = {
  externalId: [
    'externalid',
    'employeeid',
    'personalnummer',
    'personalnr',
    'mitarbeiternummer',
    'mitarbeiterid',
    'matricule',
    'numerodeempleado',
    'idempleado',
    'employeenumber',
    'employeeno',
    'employeenr',
    'personalnumber',
    'persnr',
    'pernr',
    'nroempleado',
    'numeroempleado',
    'legajo',
    'matriculeemploye',
    'personid',
    'personnelnumber',
    'workerid',
    'staffid',
    'emplid',
    'userid',
    'entryuuid',
    'objectguid',
    'uuid',
    'guid',
    'id',
    'uid',
  ],
  userName: [
    'username',
    'login',
    'loginname',
    'userprincipalname',
    'upn',
    'samaccountname',
    'benutzername',
    'anmeldename',
    'identifiant',
    'usuario',
  ],
  email: [
    'email',
    'emailaddress',
    'mail',
    'workemail',
    'primaryemail',
    'primaryworkemail',
    'businessemail',
    'emailadresse',
    'emaildienstlich',
    'dienstlicheemail',
    'emailprofessionnel',
    'correoempresa',
    'mailadresse',
    'courriel',
    'adresseemail',
    'correo',
    'correoelectronico',
  ],
  secondEmail: ['secondemail', 'secondaryemail', 'personalemail', 'privateemail', 'homeemail'],
  firstName: [
    'firstname',
    'givenname',
    'given',
    'forename',
    'first',
    'legalfirstname',
    'preferredfirstname',
    'vorname',
    'rufname',
    'prenom',
    'nombre',
  ],
  lastName: [
    'lastname',
    'surname',
    'familyname',
    'family',
    'last',
    'sn',
    'legallastname',
    'nachname',
    'familienname',
    'nom',
    'nomdefamille',
    'apellido',
    'apellidos',
  ],
  mobilePhone: [
    'mobilephone',
    'mobile',
    'cell',
    'cellphone',
    'mobilenumber',
    'mobil',
    'mobiltelefon',
    'handy',
    'portable',
    'movil',
  ],
  homeAddress: ['homeaddress', 'address'],
};
/** Columns that hold a person's groups, and those that say whether a person is still there. */
const GROUPS = ['groups', 'memberof', 'grouplist', 'teams', 'gruppen', 'groupes', 'grupos'];
const STATUS = [
  'status',
  'employmentstatus',
  'employeestatus',
  'hrstatus',
  'userstatus',
  'accountstatus',
  'accountenabled',
  'enabled',
  'mitarbeiterstatus',
  'statutemploye',
  'situacion',
  'workerstatus',
  'active',
  'isactive',
  'aktiv',
  'beschaftigungsstatus',
  'statut',
  'actif',
  'estado',
  'activo',
  'useraccountcontrol',
];
/** Columns with the day on which a person left or will leave. */
const END_DATE = [
  'terminationdate',
  'enddate',
  'leavedate',
  'lastday',
  'exitdate',
  'terminated',
  'leavingdate',
  'datesortie',
  'fechabaja',
  'fechasalida',
  'austrittsdatum',
  'austritt',
  'datedesortie',
  'datedefin',
  'fechadebaja',
  'lefton',
  'leftat',
  'dateleft',
  'leavingon',
  'lastworkingday',
  'contractend',
  'contractenddate',
  'endedat',
  'endedon',
  'deactivatedat',
  'enddatum',
  'vertragsende',
  'ausgeschiedenam',
  'findecontrat',
  'fincontrato',
];
/** Parts of the names of days that are not the last one. */
const OTHER_DAYS =
  /birth|geburt|naissance|nacimiento|hire|start|begin|join|entry|eintritt|entree|ingreso|alta|creat|chang|modif|update|login|logon/;

/** The columns of an export that were recognised by their names. */
export interface UsualColumns {
  /** The column of the external id and of each attribute. */
  readonly profile: ReadonlyMap<string, string>;
  readonly groups: string | undefined;
  readonly status: string | undefined;
  readonly endDate: string | undefined;
  /** All other columns. */
  readonly others: readonly string[];
}

/**
 * Recognises columns by the names that HR systems and directories use, in English, German, French and Spanish.
 * @param mayBeId - whether a column can be the external id, by its values
 * @param isStatus - whether a column has the values of a status, for a status under an unusual name
 * @param mayBeEnd - whether a column has days in some rows only, for the day on which a person leaves under an unusual name
 */
export function usualColumns(
  header: readonly string[],
  mayBeId: (column: string) => boolean = () => true,
  isStatus: (column: string) => boolean = () => false,
  mayBeEnd: (column: string) => boolean = () => false,
): UsualColumns {
  const columns = new Map(header.map((column) => [plain(column), column]));
  const used = new Set<string>();
  const find = (names: readonly string[], fits: (column: string) => boolean = () => true) => {
    const column = names
      .map((name) => columns.get(name))
      .find((found) => found !== undefined && !used.has(found) && fits(found));
    if (column !== undefined) used.add(column);
    return column;
  };
  const profile = new Map<string, string>();
  for (const [name, names] of Object.entries(USUAL)) {
    const column = name === 'externalId' ? (find(names, mayBeId) ?? find(names)) : find(names);
    if (column !== undefined) profile.set(name, column);
  }
  const groups = find(GROUPS);
  const status = find(STATUS) ?? header.find((column) => !used.has(column) && isStatus(column));
  if (status !== undefined) used.add(status);
  const endDate =
    find(END_DATE) ??
    header.find((column) => !used.has(column) && !OTHER_DAYS.test(plain(column)) && mayBeEnd(column));
  if (endDate !== undefined) used.add(endDate);
  return { profile, groups, status, endDate, others: header.filter((column) => !used.has(column)) };
}

/** A name without case, accents and separators. */
function plain(column: string): string {
  return column
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}
