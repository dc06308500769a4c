#!/usr/bin/env bash
# From a raw file to predictions, by the command alone: trains the examples whose tables have gaps, texts and
# dates, and compares what they predict with what the file says.
# usage: raw.sh YAMLGRAD SOURCE-FOLDER
# shellcheck source=tests/shell.bash
source "$(dirname "${BASH_SOURCE[0]}")/shell.bash"
yamlgrad=$1
models=$2/models
cd "$scratch" || exit 1

# train MODEL [OPTION…]
train() {
    expect "$1: train" 0 "" "^  test  " "$yamlgrad" train "$models/$1.yaml" --threads 1 --out "$1" "${@:2}"
}

# predict MODEL FILE: writes MODEL.out
predict() {
    expect "$1: predict" 0 "" "" "$yamlgrad" predict "$models/$1.yaml" --weights "$1/weights.safetensors" \
        --output "$1.out" "$2"
}

# mean_distance TRUE PREDICTED: of the lines that have a number in the first file, after a line of names.
mean_distance() {
    paste -d, "$1" "$2" | awk -F, 'NR > 1 && $1 ~ /^[0-9.]+$/ { d = $1 - $2; sum += d < 0 ? -d : d; n++ }
                                   END { print n, sum / n }'
}

# within NAME "COUNT NUMBER" COUNT LIMIT
within() {
    local count number
    read -r count number <<<"$2"
    expect_true "$1: $number of $count, at most $4 of $3" \
        awk -v c="$count" -v n="$number" -v wanted="$3" -v limit="$4" 'BEGIN { exit !(c == wanted && n + 0 > 0 && n < limit) }'
}

# ---------------------------------------------------------------------------- gaps and texts --

# The mean of all masses is 645 g off; 235 g are what scikit-learn reaches on rows it has not seen.
train penguins
cut -d, -f1-5,7- "$models/data/penguins.csv" >rows.csv
cut -d, -f6 "$models/data/penguins.csv" >mass
predict penguins rows.csv
within "penguins: distance in grams" "$(mean_distance mass penguins.out)" 342 260
expect "penguins: a row of gaps" 0 "^[0-9]{4}" "" "$yamlgrad" predict "$models/penguins.yaml" \
    --weights penguins/weights.safetensors - \
    < <(printf 'year,species,island,sex,flipper_length_mm,bill_depth_mm,bill_length_mm\n,Gentoo,Biscoe,,NA,?,\n')
expect "penguins: an unknown species" 1 "" "row 1, column 'species': 'Emperor' is not one of the values" \
    "$yamlgrad" predict "$models/penguins.yaml" --weights penguins/weights.safetensors - \
    < <(printf 'species,island,bill_length_mm,bill_depth_mm,flipper_length_mm,sex,year\nEmperor,Biscoe,1,1,1,male,2007\n')

# ------------------------------------------------------------------------------------- dates --

# The concentrations lie between 313 and 374 ppm.
train co2 --epochs 30
cut -d, -f1 "$models/data/co2.csv" >dates.csv
cut -d, -f2 "$models/data/co2.csv" >ppm
predict co2 dates.csv
within "co2: distance in ppm" "$(mean_distance ppm co2.out)" 2225 0.7
expect "co2: a date of another form" 1 "" "'1999-01-01' is not a date of the form '%Y%m%d'" "$yamlgrad" predict \
    "$models/co2.yaml" --weights co2/weights.safetensors - < <(printf 'date\n1999-01-01\n')

# ----------------------------------------------------------------------------------- windows --

# The week in 13 weeks is 2.93 ppm from the last one known, and 0.65 from what the seasonal difference of the
# year before tells. Windows do not go over gaps.
train co2_forecast --epochs 30
expect "co2_forecast: predict" 0 "" "" "$yamlgrad" predict "$models/co2_forecast.yaml" --weights \
    co2_forecast/weights.safetensors --keep date --output co2_forecast.out "$models/data/co2.csv"
within "co2_forecast: distance in ppm" "$(awk -F, 'FNR == 1 { next } NR == FNR { row[$1] = ++n; ppm[n] = $2; next }
    { at = row[$1] + 13 } at > n * 0.8 && ppm[at] != "" { d = $2 - ppm[at]; sum += d < 0 ? -d : d; count++ }
    END { print count, sum / count }' "$models/data/co2.csv" co2_forecast.out)" 457 0.56

# documented NAME: the model of that name in docs/model-format.md
documented() {
    awk -v name="$1" '/^```yaml$/ { text = ""; inside = 1; next } /^```$/ { if (inside && text ~ "\nname: " name "\n") printf "%s", text; inside = 0 }
        inside { text = text $0 "\n" }' "$models/../docs/model-format.md" >"$1.yaml"
}

# Sales repeat every 7 days, and each shop has a level of its own.
documented shops
awk 'BEGIN { print "shop,day,price,sold"; for (s = 1; s <= 3; s++) for (d = 1; d <= 60; d++)
    printf "shop%d,%d,%d,%d\n", s, d, d % 3, 20 * s + (d * 3) % 7 }' >shops.csv
expect "shops: train" 0 "" "\(84 examples\)" "$yamlgrad" train shops.yaml --out shops
expect "shops: eval of another file" 0 "^examples +120$" "" "$yamlgrad" eval shops.yaml --data shops.csv \
    --weights shops/weights.safetensors
cut -d, -f1-4 shops.csv | awk -F, 'NR == 1 || $2 <= 15' >first.csv
expect "shops: all windows, and the row that each ends with" 0 "" "" "$yamlgrad" predict shops.yaml --weights \
    shops/weights.safetensors --keep shop --keep day --output shops.out first.csv
expect_true "shops: two windows a shop" test "$(cut -d, -f1,2 shops.out | tr '\n' ' ')" = \
    "shop,day shop1,14 shop1,15 shop2,14 shop2,15 shop3,14 shop3,15 "
cat >trend.yaml <<'END'
format: 1
inputs: {x: [B, 3]}
targets: {trend: {shape: [B], dtype: i32, classes: [down, up]}, both: {shape: [B, 2], dtype: i32, classes: [down, up]}}
graph:
  p: {type: linear, input: x, out_features: 2}
  q: {type: linear, input: x, out_features: 4}
outputs: {p: "softmax(p, dim=-1)"}
loss: cross_entropy(p, trend) + cross_entropy(reshape(q, [-1, 2, 2]), both)
data:
  train: {csv: trend.csv, x: v, trend: trend, both: trend}
  windows: {length: 3, horizon: 2}
train: {epochs: 60, batch_size: 8, optimizer: {type: adam, lr: 0.1}}
END
awk 'BEGIN { print "t,v,trend"; for (t = 0; t < 40; t++) printf "%d,%d,%s\n", t, t % 2, t % 2 ? "up" : "down" }' >trend.csv
expect "trend: train" 0 "" "" "$yamlgrad" train trend.yaml --quiet --out trend
expect "trend: the class of the last row of a horizon" 0 "^38,[^,]*,[^,]*,down$" "" "$yamlgrad" predict trend.yaml \
    --keep t --weights trend/weights.safetensors trend.csv
expect "shops: too few rows" 1 "" "stdin: error: it has no window: a window takes 14 rows .* has 3$" "$yamlgrad" \
    predict shops.yaml --weights shops/weights.safetensors - < <(head -4 shops.csv)

# Series of several sectors: the last month known is 0.61 % from what is to be told. A forecast must not look into
# the sector that comes next in the table.
train employment
expect "employment: predict" 0 "" "" "$yamlgrad" predict "$models/employment.yaml" --weights employment/weights.safetensors \
    --keep sector --keep month --output employment.out "$models/data/employment.csv"
within "employment: relative distance" "$(awk -F, 'FNR == 1 { next } NR == FNR { jobs[$1, ++n[$1]] = $3; row[$1, $2] = n[$1]; next }
    { at = row[$1, $2] + 3 } at > 90 && at <= 120 { d = log($3 / jobs[$1, at]); sum += d < 0 ? -d : d; count++ }
    END { print count, sum / count }' "$models/data/employment.csv" employment.out)" 450 0.0048

# Characters of a text as a series: a network that knew only how often each one occurs would have a loss of 3.1.
documented letters
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do cat "$models/../LICENSE"; done >book.txt
expect "letters: train" 0 "" "\(49 examples\)" "$yamlgrad" train letters.yaml --out letters
expect "letters: eval of another text" 0 "^loss +[01]\.[0-9]" "" "$yamlgrad" eval letters.yaml --data "$models/../LICENSE" \
    --weights letters/weights.safetensors

# --------------------------------------------------------------------------------- sequences --

# The model of docs/model-format.md. A patient is ill whose pulse rises; patient p has 1 + 7 p mod 12 visits.
documented visits
awk 'BEGIN { print "patient,visit,pulse,pressure,ill,next_pulse"; for (p = 1; p <= 80; p++) for (v = 0; v <= 7 * p % 12; v++) {
    up = p % 3 == 0 ? 4 : -2; pulse = 70 + p % 9 + up * v
    printf "p%d,%d,%d,%d,%s,%d\n", p, v, pulse, 120 + p % 7, p % 3 ? "no" : "yes", pulse + up } }' >visits.csv
expect "visits: what is fed" 0 "^of what batches of 8 feed, 1?[0-9]\.[0-9] % is padding; without buckets [2-9][0-9]" "^peak memory" \
    "$yamlgrad" data visits.yaml
expect "visits: train" 0 "" "" "$yamlgrad" train visits.yaml --quiet --out visits
expect "visits: a line for each visit, in the order of the file" 0 "" "" "$yamlgrad" predict visits.yaml --weights \
    visits/weights.safetensors --keep patient --keep visit --output visits.out visits.csv
expect_true "visits: each row has an answer" cmp <(cut -d, -f1,2 visits.csv) <(cut -d, -f1,2 visits.out)
within "visits: distance of the next pulse" "$(mean_distance <(cut -d, -f6 visits.csv) <(cut -d, -f5 visits.out))" \
    "$(($(wc -l <visits.csv) - 1))" 4
expect "visits: two parts of a patient" 1 "" "the rows of 'p1' are not beside each other; sort the table by 'patient'" \
    "$yamlgrad" predict visits.yaml --weights visits/weights.safetensors - < <(cat visits.csv; sed -n 2p visits.csv)

# ------------------------------------------------------------------------------------- texts --

# Six of seven messages are no spam. No message has a line break, so a line is a row.
train messages --epochs 8
predict messages "$models/data/messages.csv"
within "messages: wrong kinds" "$(paste -d, <(cut -d, -f1 "$models/data/messages.csv") \
    <(sed 's/.*,//' messages.out) | awk -F, 'NR > 1 { n++; wrong += $1 != $2 } END { print n, wrong }')" 1394 42
expect "messages: words that were never met" 0 ",(ham|spam)$" "" "$yamlgrad" predict "$models/messages.yaml" \
    --weights messages/weights.safetensors - < <(printf 'message\nxyzzy plugh\n')

# ---------------------------------------------------------------------------------- pictures --

train digits
expect "digits: predict a folder" 0 "" "" "$yamlgrad" predict "$models/digits.yaml" --weights digits/weights.safetensors \
    --keep image --output digits.out "$models/data/digits"
within "digits: wrong ones" "$(awk -F, 'NR > 1 { n++; wrong += substr($1, 1, 1) != $NF } END { print n, wrong }' digits.out)" 599 30
expect "digits: predict a picture" 0 ",7$" "" "$yamlgrad" predict "$models/digits.yaml" --weights digits/weights.safetensors \
    "$models/data/digits/7/0027.png"

# ------------------------------------------------------------------------------------- units --

# The output is the input, whose columns have the scales of the targets: what goes in comes out again, in
# units, though each target has a scale of its own and one of them was standardised besides.
cat >units.yaml <<'END'
format: 1
inputs: {x: [B, 3]}
targets: {y: [B, 3]}
graph:
  h: {type: linear, out_features: 3, init: zeros}
outputs: {out: {value: x + 0 * h, units: y}}
loss: mse(h, y)
data:
  train: {csv: units.csv, x: [a, b, c], y: [price, area, rooms]}
  columns:
    a: {scale: log}
    b: {scale: quantile}
    c: {scale: minmax, missing: median}
    price: {scale: log}
    area: {scale: quantile}
    rooms: {scale: minmax, missing: median}
  standardize: [x, y]
train: {epochs: 1, optimizer: {type: sgd, lr: 0.1}}
END
printf 'a,b,c,price,area,rooms\n' >units.csv
printf '%s,%s,%s,%s,%s,%s\n' 1000 30 2 1000 30 2 50 70 "" 50 70 "" 7000 40 8 7000 40 8 300 90 5 300 90 5 >>units.csv
expect "units: train" 0 "" "" "$yamlgrad" train units.yaml --quiet --dtype f64 --out units
expect "units: of each target" 0 "^(50|49\.99999[0-9]*|50\.00000[0-9]*),70,5$" "" "$yamlgrad" predict units.yaml --dtype f64 \
    --weights units/weights.safetensors units.csv
expect "units: of a row without targets" 0 "^(300|299\.99999[0-9]*|300\.00000[0-9]*),60,8$" "" "$yamlgrad" predict \
    units.yaml --dtype f64 --weights units/weights.safetensors - < <(printf 'c,b,a\n8,60,300\n')

# ------------------------------------------------------------------------------------- pipes --

# A category whose values are listed learns nothing, so its rows are read once. The other one must see all.
cat >pipe.yaml <<'END'
format: 1
inputs: {x: [B, 2]}
targets: {y: [B]}
graph: {h: {type: linear, input: x, out_features: 1}, z: "squeeze(h, dim=-1)"}
outputs: [z]
loss: mse(z, y)
data:
  train: {csv: none.csv, x: c, y: y}
  columns: {c: {kind: category, values: [u, v]}}
train: {epochs: 1, optimizer: {type: sgd, lr: 0.1}}
END
expect "pipe: listed values" 0 "" "\(2 examples\)" "$yamlgrad" train pipe.yaml --out pipe \
    --data train=<(printf 'c,y\nu,1\nv,2\n')
sed -i 's/{kind: category.*\]}/category/' pipe.yaml
expect "pipe: values that are learnt" 1 "" "read once only" "$yamlgrad" train pipe.yaml --out pipe \
    --data train=<(printf 'c,y\nu,1\nv,2\n')

finish
