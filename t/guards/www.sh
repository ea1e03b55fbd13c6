# The gradebook: no script or style inline, which its policy forbids; each text
# in each language, and none that nobody shows or that is missing.
. t/guards/tap

some 'there are pages' "$(ls www/*.html conf/welcome.html)"
none 'no page has a script, a style or a handler inline' "$(
    perl -0777 -ne 's/<!--.*?-->//gs;
        print "$ARGV: $&\n" while /<script(?![^>]*\bsrc=)[^>]*>|<style\b[^>]*>
            |\s(?:style|on\w+)\s*=|javascript:/gix' www/*.html)"
none 'no script makes code or markup of a text' "$(
    grep -nE '(inner|outer)HTML|insertAdjacent|document\.write|\beval\(|Function\(|cssText|\.style\b|"style"' \
        www/*.js)"
none 'no file names another host' "$(grep -nE "[\"'(]https?://|url\\(" www/*.html www/*.js www/*.css)"

# rows: the table, as KEY LANGUAGES.
rows=$(perl -0777 -ne 'my ($table) = /^const TEXTS = \{(.*?)^\};/ms;
    my $text = qr/"(?:[^"\\]|\\.)*"(?:\s*\+\s*"(?:[^"\\]|\\.)*")*/;
    while ($table =~ /^    (\w+): \[(.*?)\],$/msg) {
        my ($key, $texts) = ($1, $2);
        my $n = () = $texts =~ /$text/g;
        print "$key $n\n";
    }' www/texts.js)
languages=$(sed -nE 's/^const LANGUAGES = \[(.*)\];/\1/p' www/texts.js | wc -w)
keys=$(echo "$rows" | cut -d' ' -f1)
# kinds: of words, which the API says.
kinds=$(perl -ne 'print "$1_\n" while /\bword\("(\w+)"/g' www/*.js | sort -u)

some 'there are texts' "$rows"
same 'each line of the table is read' "$(
    grep -cE '^    [a-z]\w*: \[' www/texts.js)" "$(echo "$rows" | wc -l)"
none 'each text is there in each language' "$(
    echo "$rows" | grep -v " $languages\$")"
none 'texts name the same values in each language' "$(
    perl -0777 -ne 'my ($table) = /^const TEXTS = \{(.*?)^\};/ms;
        while ($table =~ /^    (\w+): \[(.*?)\],$/msg) {
            my ($key, %of) = $1;
            $of{$_}++ for $2 =~ /\{\w+\}/g;
            print "$key\n" if grep { $_ % 2 } values %of;
        }' www/texts.js)"
none 'each text is shown' "$(
    for key in $keys; do
        grep -qF "\"$key\"" www/*.js || echo "$kinds" | while read -r kind; do
            case $key in "$kind"*) echo "$key" ;; esac
        done | grep -q . || echo "$key"
    done)"
none 'each text that is shown is there' "$(
    perl -ne 'print "$1\n" while /\b(?:text|section|button|choose)\("(\w+)"/g' \
        www/*.js | sort -u | while read -r key; do
        echo "$keys" | grep -qx "$key" || echo "$key"
    done)"
none 'each file is installed' "$(
    for file in www/*; do grep -qF "$file" Makefile.am || echo "$file"; done)"
