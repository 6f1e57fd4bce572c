# zsh-completions.zsh SCRIPT LINE FOLDER: prints what zsh offers when Tab is pressed behind LINE, one word a line.
# A real zsh in a pseudo terminal completes; its `compadd` prints what it is given.
zmodload zsh/zpty
local setup=$(mktemp)
cat > $setup <<SETUP
cd ${(q)3}
autoload -U compinit
compinit -D -u
source ${(q)1}
SETUP
cat >> $setup <<'SETUP'
compadd () {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return $?; fi
  typeset -a hits
  builtin compadd -A hits "$@"
  local hit
  for hit in $hits; do print -r -- "OFFER:$hit:"; done
}
at-start () { print; }
at-end () { print END:OF:OFFERS; exit; }
compprefuncs=(at-start)
comppostfuncs=(at-end)
bindkey '^I' complete-word
zstyle ':completion:*' insert-tab false
print IS:READY
SETUP
zpty shell zsh -f -i
zpty -w shell "PS1= PS2=; source $setup"
local line
while zpty -r shell line; do [[ $line == *IS:READY* ]] && break; done
zpty -w -n shell "$2"$'\t'
while zpty -r shell line; do
  [[ $line == *END:OF:OFFERS* ]] && break
  [[ $line == *OFFER:* ]] && print -r -- ${${line#*OFFER:}%:*}
done
rm -f $setup
