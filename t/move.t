# Rows are exported, imported, erased and made anonymous by the tool, in
# databases of the test's own.
use strict;
use warnings;
use FindBin '$Bin';
use lib "$Bin/lib";
use Edu::Case 'slurp';
use Edu::Tool ();
use File::Temp 'tempdir';
use JSON::PP ();
use Test::More;

my $JSON = JSON::PP->new->utf8->canonical;
my $dir = tempdir(CLEANUP => 1);
my $school = "$Bin/data/move/school.jsonl";
my $ada = 'ada.lund@school.example';
my $POINTS = 'ea1351f6-ba33-4940-b2cb-6a7254af2dc8';
my @tables = qw(class member assignment submission outcome history read repeat);
my $made = 0;

# ------------------------------------------------------------------ databases

sub spew {
    my ($name, @lines) = @_;
    open my $out, '>', "$dir/$name" or die "$name: $!";
    print {$out} @lines;
    close $out or die "$name: $!";
    return "$dir/$name";
}

# What the shell of a database prints for statements.
sub shell {
    my ($name, $sql) = @_;
    my $in = spew('sql', "$sql;\n");
    open my $shell, '-|', 'sh', '-c', 'exec "$@" <"$0"', $in,
        $ENV{EDU_DATABASES}, $ENV{EDU_DB}, 'shell', $ENV{EDU_DB_DIR}, $name
        or die "shell: $!";
    local $/;
    my $out = <$shell> // '';
    close $shell or die "$sql failed\n";
    return $out;
}

my %url;    # of a database, by its name

# The exit code of the tool, its result, and what it complains of.
sub tool {
    my ($name, @args) = @_;
    return Edu::Tool::tool('--database', $url{$name}, '--json', @args);
}

# The same, which has to succeed; its result.
sub must {
    my ($code, $out, $err) = tool(@_);
    die "@_: $err $out\n" if $code;
    return $out;
}

# A new database, which holds this file, if any.
sub database {
    my ($file) = @_;
    my $name = 'move_' . $$ . '_' . ++$made;
    $url{$name} = Edu::Tool::make_database(@ENV{'EDU_DB', 'EDU_DB_DIR'}, $name);
    must($name, 'schema', 'init');
    must($name, 'import', $file) if $file;
    return $name;
}

# What an export has, without the numbers that a database draws, and without
# the record of an import.
sub exported {
    my ($name, @args) = @_;
    my $text = must($name, 'export', @args);
    $text =~ s/"seq":\d+,//g;
    return join '', grep { !/"action":"import"/ } split /^/, $text;
}

sub without_numbers { return slurp($_[0]) =~ s/"seq":\d+,//gr }

# All that is in a database.
sub all { return join '', map { shell($_[0], "SELECT * FROM edu_$_") } @tables }

# ---------------------------------------------------------------- to and fro

my $one = database($school);
is(exported($one, '--history', '--reads'), without_numbers($school),
   'what was imported is exported as it was');
my $two = database(spew('one.jsonl', must($one, 'export', '--history',
                                          '--reads')));
is(exported($two, '--history', '--reads'), without_numbers($school),
   'and so it is once more');
is(exported($one), join('', grep { !/"table":"(?:history|read)"/ }
                            split /^/, slurp($school)),
   'without the history and the reads, unless they are asked for');
is(exported($one, '--class', 'm0', '--history'),
   join('', grep { /"(?:class_)?id":"m0"/ && !/"table":"read"/ }
            split /^/, without_numbers($school)), 'a class is exported');
like((tool($one, 'export', '--class', 'm'))[2], qr/there is no class m\./,
     'a class that is not there is told');
is(shell($one, "SELECT count(*) FROM edu_history WHERE action = 'import'"
         . " AND after_body LIKE '%\"outcome\":4%'"), "1\n",
   'an import leaves a row in the history');

my $of_ada = exported($one, '--student', $ada, '--history', '--reads');
is(scalar(() = $of_ada =~ /"table":"outcome"/g), 3,
   'a student has all outcomes, also of a class that was left');
is(scalar(() = $of_ada =~ /"table":"(?:history|read)"/g), 5,
   'and the history and the reads of them');
unlike($of_ada, qr/bob/i, 'no other student is named');
my $alone = database(spew('ada.jsonl', $of_ada));
is(exported($alone, '--history', '--reads'), $of_ada,
   'that can be imported by itself');
like((tool($one, 'export', '--student', 'ADA'))[2],
     qr/no class has the student ADA/, 'a student who is not there is told');

is(must($one, 'export', '--class', 'm1', '--format', 'csv'),
   qq(student,name,'\@Essay,Quiz\r\n$ada,,87.5,\r\n)
   . qq(bob,"'-Bob, ""the"" \xc3\x98",60,\r\n),
   'a gradebook has quotes, and no formulas');

# Rows of several pages, which end within a submission, an assignment and a
# class; and documents that are read alone.
my @many = map qq({"table":"class","id":"k$_","created":"","version":)
    . qq("0000000000000000","body":{"description":") . 'x' x ($_ * 9000)
    . qq("}}\n), 0 .. 3;
for my $place (map { my $c = $_; map [$c, $_], 0 .. 2 } 0 .. 3) {
    push @many, map { qq({"table":"outcome","class_id":"k$place->[0]",)
        . qq("assignment_id":"a$place->[1]","submission_id":"s) . int($_ / 2)
        . qq(","id":"$_","created":"","type":"educationPointsOutcome","version":)
        . qq("0000000000000001","shown_version":"","body":{},"shown":""}\n) }
        sort { int($a / 2) cmp int($b / 2) || $a cmp $b } 0 .. 130;
}
my $large = database(spew('many.jsonl', @many));
is(exported($large), join('', @many), 'all rows are exported, in order, once');

# -------------------------------------------------------------------- faults

# A line for each table, and what is wrong with a change of it.
my %line;
for (split /^/, slurp($school)) {
    my $row = $JSON->decode($_);
    $line{ $row->{table} } //= $row;
}
my @faults = (
    ['outcome', body => { id => 'x', points => { points => -1 } },
     qr{^body/points/points: Points must be 0 or more}],
    ['outcome', type => 'educationNothing', qr/^type: There is no outcome/],
    ['outcome', version => 'today', qr/^version: An instant has 16/],
    ['outcome', body => '[1', qr/^body: The document is no JSON object/],
    ['outcome', submission_id => '', qr/^submission_id: The column is missing/],
    ['outcome', colour => 'red', qr/^colour: The table has no such column/],
    ['outcome', id => 1, qr/^id: The column has to be a string/],
    ['assignment', body => { dueDateTime => 'soon' },
     qr{^body/dueDateTime: .*has to be a date}],
    ['assignment', class_id => 'nowhere', qr/^id: There is no such class/],
    ['submission', assignment_id => 'nothing',
     qr/^id: There is no such assignment/],
    ['member', role => 'guest', qr/^role: The role is student or teacher/],
    ['member', id => 'x' x 129, qr/^id: An id has 1 to 128 bytes/],
    ['class', table => 'klass', qr/^table: The table is not known/],
    ['history', at => undef, qr/^at: The column has to be a string/],
);
my $file = spew('faulty.jsonl', qq({"table":"class","id":"new"}\n),
    map({ my ($table, $name, $value) = @$_;
          $JSON->encode({ %{ $line{$table} }, $name => $value }), "\n" } @faults),
    "{\n", qq({"table":"class","id":"m0"}\n));
my ($code, $out, $err) = tool($one, 'import', $file);
is($code, 1, 'faults are a failure');
like($err, qr/faulty\.jsonl: nothing is imported, for 16 of its lines are faulty/,
     'and told');
my @told = @{ $JSON->decode($out)->{faults} };
for my $i (0 .. $#faults) {
    is($told[$i]{line}, $i + 2, "a fault is of line " . ($i + 2));
    like("$told[$i]{field}: $told[$i]{message}", $faults[$i][3], 'with its cure');
}
is($told[-2]{line}, 16, 'a line that is no JSON is one');
like($told[-2]{message}, qr/^This is not valid JSON: .* \(line 1, column 1\)/,
     'with the place');
like($told[-1]{message}, qr/exists.*--replace/, 'so is a row that exists');
unlike(exported($one), qr/"id":"new"/, 'nothing was imported');
is((tool($one, 'import', spew('marked.jsonl',
    qq(\xef\xbb\xbf{"table":"class","id":"marked"}\n))))[0], 0,
   'a byte order mark is no fault');

($code, $out) = tool($one, 'import', '--keep-going', '--dry-run', $file);
is($JSON->decode($out)->{written}, JSON::PP::false, 'a dry run writes nothing');
unlike(exported($one), qr/"id":"new"/, 'neither was it by a dry run');
tool($one, 'import', '--keep-going', $file);
like(exported($one), qr/"id":"new"/, 'but all other lines, where one goes on');
must($one, 'import', '--replace',
     spew('again.jsonl', grep { !/"table":"(?:history|read)"/ }
                             split /^/, slurp($school)));
is(exported($one, '--class', 'm1'), exported($two, '--class', 'm1'),
   'what exists is replaced where that is asked for');

# ----------------------------------------------------------------- OneRoster

my $folder = "$dir/roster";
must($two, 'export', '--format', 'oneroster', '--output', $folder);
is(slurp("$folder/results.csv"), join("\r\n",
    'sourcedId,status,dateLastModified,lineItemSourcedId,studentSourcedId,'
    . 'scoreStatus,score,scoreDate,comment,textScore,classSourcedId,inProgress,'
    . 'incomplete,late,missing',
    "m0.novel.$ada,,,m0.novel,$ada,partially graded,7,2026-11-02,,,m0,,,,",
    "m1.essay.$ada,,,m1.essay,$ada,fully graded,87.5,2026-11-02,"
    . qq("Fine,\n""really""",,m1,,,,),
    'm1.essay.bob,,,m1.essay,bob,partially graded,60,2026-11-02,,,m1,,,,', ''),
   'results are as OneRoster has them');
my @manifest = split /\r\n/, slurp("$folder/manifest.csv");
is(scalar(grep { /^file\.\w+,(?:bulk|absent)$/ } @manifest), 21,
   'the manifest has all files');
is(join(' ', sort map { m{(\w+)\.csv$} } glob "$folder/*.csv"),
   join(' ', sort 'manifest', map { /^file\.(\w+),bulk$/ } @manifest),
   'and those that it has are there');
like(slurp("$folder/enrollments.csv"), qr/^m1\.\Q$ada\E,,,m1,school,\Q$ada\E,/m,
     'a student who left is enrolled, for there is a result');

my $three = database();
must($two, 'export', '--format', 'oneroster', '--output', "$dir/roster.zip");
must($three, 'import', '--format', 'oneroster', "$dir/roster.zip");
must($three, 'export', '--format', 'oneroster', '--output', "$dir/back");
my $back = slurp("$dir/back/results.csv");
like($back, qr/,m1\.m1\.essay,bob,partially graded,60,/,
     'results come back, with the grade');
like($back, qr/fully graded,87\.5,[-\d]+,"Fine,\n""really""",/,
     'and the comment');
is(shell($three, "SELECT count(*) FROM edu_history WHERE action = 'return'"
         . " AND entity = 'submission'"), "1\n", 'what is graded is returned');
($code, $out, $err) = tool($three, 'import', '--format', 'oneroster', $folder);
is($code, 1, 'what exists is refused');
like($out, qr/"results\.csv"/, 'also results');

mkdir "$dir/german" or die;
spew('german/classes.csv', "sourcedId;title\n", "k;Klasse\n");
like((tool($three, 'import', '--format', 'oneroster', "$dir/german"))[1],
     qr/has no such column, but semicolons. Save the file with commas/,
     'semicolons are told from commas');

mkdir "$dir/bad" or die;
spew('bad/classes.csv', "\xef\xbb\xbfsourcedId,title\n", "k,Klasse\n", "x\n",
     qq("l\nl",Two lines\n));
spew('bad/lineItems.csv', "sourcedId,title,dueDate,classSourcedId,"
     . "resultValueMax\n", "i1,One,2026-12-01,k,10\n", "i2,Two,soon,k,10\n",
     "i3,Three,2026-12-01,nowhere,10\n", "i4,Four,2026-12-01,k,ten\n");
spew('bad/enrollments.csv', "sourcedId,classSourcedId,userSourcedId,role\n",
     "e1,k,u,student\n", "e2,k,p,proctor\n");
spew('bad/results.csv', "sourcedId,lineItemSourcedId,studentSourcedId,"
     . "scoreStatus,score\n", "r1,i1,u,fully graded,-1\n", "r2,i1,u,done,1\n",
     "r3,,u,submitted,\n", qq(r4,i1,"u"x,submitted,\n));
spew('bad/users.csv', "sourcedId,givenName\n");
($code, $out) = tool($three, 'import', '--format', 'oneroster', "$dir/bad");
@told = @{ $JSON->decode($out)->{faults} };
for ([users => 1, 'familyName', qr/no such column/],
     [classes => 3, '', qr/has 1 fields, the first row 2/],
     [enrollments => 3, 'role', qr/student and teacher alone/],
     [lineItems => 3, 'dueDate', qr/date/],
     [lineItems => 4, 'sourcedId', qr/./],
     [lineItems => 5, 'resultValueMax', qr/no number/],
     [results => 2, 'score', qr/0 or more/],
     [results => 3, 'scoreStatus', qr/none of/],
     [results => 4, 'lineItemSourcedId', qr/missing/],
     [results => 5, '', qr/quote is out of place/]) {
    my ($name, $line, $field, $message) = @$_;
    my ($fault) = grep { $_->{file} eq "$name.csv" && $_->{line} == $line } @told;
    is($fault->{field}, $field, "$name.csv, line $line: the column");
    like($fault->{message}, $message, 'and what is wrong');
}
is(shell($three, "SELECT count(*) FROM edu_class WHERE id = 'k'"), "0\n",
   'nothing of it is there');

# ------------------------------------------------------- anonymous, and erased

sub kept {
    my ($name) = @_;
    shell($name, "INSERT INTO edu_repeat (id, created, request, expires,"
          . " user_id, body) VALUES ('k', '$_[1]', '', '7000000000000000',"
          . " '$ada', '{}')");
}
kept($two, '003fce0000000000');
my $before = all($two);
my $grades = "SELECT count(*) FROM edu_outcome WHERE body LIKE '%points%'";
my $numbers = 'SELECT seq, action FROM edu_history ORDER BY seq';
my @was = (shell($two, $grades), shell($two, $numbers));
my $plan = must($two, 'anonymize', '--student', $ada, '--dry-run');
is(all($two), $before, 'a dry run changes nothing');
my $did = must($two, 'anonymize', '--student', $ada);
is_deeply($JSON->decode($did)->{tables}, $JSON->decode($plan)->{tables},
          'but tells what is changed');
my $after = all($two);
unlike($after, qr/\Q$ada\E/, 'no table holds the id of an anonymous student');
unlike($after, qr/Ada Lund/, 'nor the name');
is(shell($two, $grades), $was[0], 'grades stay');
is(join('', grep { !/anonymize/ } split /^/, shell($two, $numbers)), $was[1],
   'and so does the order of the history');
my ($pseudonym) = shell($two, "SELECT id FROM edu_member WHERE class_id = 'm0'"
                        . " AND role = 'student'") =~ /^(anonymous-[0-9a-f]{24})$/
    or die 'no pseudonym';
like($after, qr/"recipients":\["$pseudonym","bob"\]/, 'in lists, too');
is(shell($two, "SELECT count(*) FROM edu_history WHERE action = 'anonymize'"
         . " AND application = 'edu-outcomes' AND user_id <> ''"
         . " AND after_body LIKE '%\"history\":6%'"), "1\n",
   'the history says by whom, and how many');
is((tool($two, 'anonymize', '--student', $ada))[0], 1,
   'nobody has the id any more');
must($two, 'import', '--replace', spew('late.jsonl', $JSON->encode(
    { %{ $line{member} }, class_id => 'm1' }), "\n"));
must($two, 'anonymize', '--student', $ada);
is(shell($two, "SELECT id FROM edu_member WHERE class_id = 'm1'"
         . " AND id LIKE 'anonymous%'"), "$pseudonym\n",
   'a student has the same pseudonym each time');

# A word may be somebody's id.
my $six = database($school);
must($six, 'import', spew('word.jsonl', map { $JSON->encode(
    { %{ $line{member} }, class_id => 'm1', id => $_ }) . "\n" } 'student'));
must($six, 'anonymize', '--student', 'student');
is(shell($six, "SELECT count(*) FROM edu_member WHERE role = 'student'"), "3\n",
   'which stays where it is none');
unlike(all($six), qr/"primaryRole":"(?!student|teacher)/, 'also in documents');

my $four = database($school);
kept($four, '003fce0000000000');
$plan = must($four, 'erase', '--student', $ada, '--dry-run');
$did = must($four, 'erase', '--student', $ada);
is_deeply($JSON->decode($did)->{tables}, $JSON->decode($plan)->{tables},
          'a dry run tells what is erased');
$after = all($four);
unlike($after, qr/\Q$ada\E|Ada Lund/, 'no table holds an erased student');
is(scalar(() = $after =~ /s-bob/g), scalar(() = $before =~ /s-bob/g),
   'others have all that they had');
is(shell($four, 'SELECT count(*) FROM edu_outcome'), "1\n",
   'outcomes go with their submission');
is(shell($four, "SELECT user_id FROM edu_history WHERE action = 'unsubmit'"),
   "erased\n", 'what was done to others stays, without the name');
like(shell($four, "SELECT after_body FROM edu_history WHERE action = 'erase'"),
     qr/"submission":2/, 'and the history says so');

my $five = database($school);
must($five, 'anonymize', '--before', '2020-01-01');
is(shell($five, "SELECT id FROM edu_member WHERE role = 'student'"
         . ' ORDER BY class_id'), "$pseudonym\nbob\n" =~ s/^anon.*/
             (shell($five, "SELECT id FROM edu_member WHERE class_id = 'm0'"
              . " AND role = 'student'") =~ m{^(anonymous-[0-9a-f]{24})$}m)[0]/er,
   'students of old classes are anonymous, and nobody else');
like(all($five), qr/\Q$ada\E/, 'also the same student elsewhere is not');
like((tool($five, 'erase', '--before', '1990-01-01'))[2],
     qr/all classes have changed since/, 'there may be none so old');
must($five, 'erase', '--before', '2020-01-01');
unlike(all($five), qr/\bm0\b|carl/,
       'old classes are erased, with what earlier ones left');
is(exported($five, '--class', 'm1'), exported($four = database($school),
                                              '--class', 'm1'),
   'the others are as they were');

for (['erase'], ['anonymize', '--before', 'yesterday'],
     ['erase', '--student', 'x', '--before', '2020-01-01'],
     ['export', '--format', 'csv'], ['export', '--format', 'oneroster'],
     ['import', '--format', 'csv', $file], ['export', '--format', 'xls']) {
    is((tool($one, @$_))[0], 2, "@{$_}[0 .. 1 - !$$_[1]]: called wrongly");
}
done_testing();
