"""Drug names: one name for the ways of writing one drug, and the endings by which unlisted ones are known.

International nonproprietary names and their Japanese accepted names (JAN) with a few brand names. Not a
formulary: a list that lacks a drug costs a reason, never a pass, since an unknown word is no match.
"""

SAME_DRUG = """
アドレナリン エピネフリン adrenaline epinephrine
ノルアドレナリン ノルエピネフリン noradrenaline norepinephrine
アセトアミノフェン パラセタモール acetaminophen paracetamol
アスピリン アセチルサリチル酸 aspirin
ワルファリン ワーファリン warfarin
ヘパリン heparin
アルガトロバン argatroban
アピキサバン エリキュース apixaban
リバーロキサバン イグザレルト rivaroxaban
エドキサバン リクシアナ edoxaban
ダビガトラン プラザキサ dabigatran
クロピドグレル clopidogrel
プラスグレル prasugrel
チカグレロル ticagrelor
シロスタゾール cilostazol
アルテプラーゼ alteplase
テネクテプラーゼ tenecteplase
ウロキナーゼ urokinase
トラネキサム酸 tranexamic
フロセミド ラシックス furosemide frusemide
トルバプタン tolvaptan
スピロノラクトン spironolactone
エプレレノン eplerenone
インスリン insulin
メトホルミン metformin
グリメピリド glimepiride
ピオグリタゾン pioglitazone
セマグルチド semaglutide
グルカゴン glucagon
レボチロキシン チラーヂン levothyroxine thyroxine
リオチロニン liothyronine
チアマゾール メチマゾール メルカゾール methimazole thiamazole
プロピルチオウラシル propylthiouracil
カルビマゾール carbimazole
プレドニゾロン prednisolone
プレドニゾン prednisone
メチルプレドニゾロン methylprednisolone
デキサメタゾン dexamethasone
ヒドロコルチゾン hydrocortisone
シクロスポリン ciclosporin cyclosporine
タクロリムス tacrolimus
ミゾリビン mizoribine
ミコフェノール酸モフェチル mycophenolate
アザチオプリン azathioprine
メトトレキサート methotrexate
シクロホスファミド cyclophosphamide
リツキシマブ rituximab
ジゴキシン digoxin
メチルジゴキシン metildigoxin
ジギタリス digitalis
アミオダロン amiodarone
リドカイン lidocaine
ニトログリセリン nitroglycerin
ドパミン dopamine
ドブタミン dobutamine
バソプレシン vasopressin
アトロピン atropine
サルブタモール アルブテロール salbutamol albuterol
サルメテロール salmeterol
チオトロピウム tiotropium
ブデソニド budesonide
テオフィリン theophylline
モンテルカスト montelukast
カルボシステイン carbocisteine
アセチルシステイン acetylcysteine
オセルタミビル タミフル oseltamivir
ラニナミビル laninamivir
ザナミビル zanamivir
アシクロビル aciclovir acyclovir
バラシクロビル valaciclovir
ファムシクロビル famciclovir
テノホビル tenofovir
エンテカビル entecavir
アモキシシリン amoxicillin
セフェピム cefepime
セフトリアキソン ceftriaxone
セファゾリン cefazolin
メロペネム meropenem
バンコマイシン vancomycin
テイコプラニン teicoplanin
リネゾリド linezolid
ゲンタマイシン gentamicin
トブラマイシン tobramycin
ストレプトマイシン streptomycin
クラリスロマイシン clarithromycin
アジスロマイシン azithromycin
ミノサイクリン minocycline
ドキシサイクリン doxycycline
メトロニダゾール metronidazole
レボフロキサシン levofloxacin
イソニアジド isoniazid INH
リファンピシン rifampicin rifampin
エタンブトール ethambutol
ピラジナミド pyrazinamide
フルコナゾール fluconazole
ボノプラザン vonoprazan
アロプリノール allopurinol
フェブキソスタット febuxostat
コルヒチン colchicine
アレンドロン酸 alendronate
リセドロン酸 risedronate
ゾレドロン酸 zoledronate zoledronic
デノスマブ denosumab
イブプロフェン ibuprofen
ロキソプロフェン loxoprofen
ジクロフェナク diclofenac
モルヒネ morphine
フェンタニル fentanyl
ナロキソン naloxone
ジアゼパム diazepam
ミダゾラム midazolam
ロラゼパム lorazepam
フェニトイン phenytoin
フェノバルビタール phenobarbital
バルプロ酸 valproate valproic
カルバマゼピン carbamazepine
レベチラセタム levetiracetam
ラモトリギン lamotrigine
炭酸リチウム リチウム lithium
ハロペリドール haloperidol
エダラボン edaravone
グルコン酸カルシウム カルチコール
塩化カルシウム
炭酸水素ナトリウム 重曹
硫酸マグネシウム マグネシウム製剤
塩化カリウム
ヨウ化カリウム
ビタミンK ビタミンK製剤
ビタミンD
活性炭
イコサペント酸エチル
エゼチミブ ezetimibe
スタチン statin statins
カルベジロール carvedilol
ビソプロロール bisoprolol
アムロジピン amlodipine
エナラプリル enalapril
カンデサルタン candesartan
サクビトリルバルサルタン sacubitril
ダパグリフロジン dapagliflozin
エンパグリフロジン empagliflozin
ブドウ糖 グルコース glucose dextrose
生理食塩液 生理食塩水 生食
乳酸リンゲル液
ACE阻害薬 アンジオテンシン変換酵素阻害薬
ARB アンジオテンシンII受容体拮抗薬 アンジオテンシン受容体拮抗薬
NSAIDs NSAID 非ステロイド性抗炎症薬
プロトンポンプ阻害薬 PPI
α-グルコシダーゼ阻害薬
スルホニル尿素薬 SU薬
利尿薬 diuretic diuretics
ステロイド 副腎皮質ステロイド steroid steroids corticosteroid corticosteroids
"""
"""A line a drug; the first name stands for all."""

ENDINGS_JA = [
    "マブ",
    "チニブ",
    "プリル",
    "サルタン",
    "プロロール",
    "ジロール",
    "ロロール",
    "テロール",
    "スタチン",
    "フロキサシン",
    "シリン",
    "マイシン",
    "サイクリン",
    "ペネム",
    "コナゾール",
    "プラゾール",
    "ニダゾール",
    "ジピン",
    "グリプチン",
    "グリフロジン",
    "グルチド",
    "キサバン",
    "ビル",
    "ビリン",
    "セミド",
    "チアジド",
    "ゼパム",
    "ゾラム",
    "ドロン酸",
    "ドロネート",
    "プラチン",
    "タキセル",
    "ルビシン",
    "リムス",
    "プリド",
    "トリプタン",
    "セトロン",
    "ペリドン",
    "ピドグレル",
    "バルビタール",
    "カイン",
    "ニジン",
    "テロン",
    "プロフェン",
    "フェナク",
    "ロイキン",
    "ポエチン",
    "グラスチム",
    "フィブラート",
    "グリタゾン",
    "クロビル",
    "リプチリン",
    "オキセチン",
    "ナクリン",
    "コキシブ",
    "ミスト",
]
ENDINGS_LATIN = [
    "mab",
    "tinib",
    "pril",
    "sartan",
    "olol",
    "statin",
    "floxacin",
    "cillin",
    "mycin",
    "micin",
    "cycline",
    "penem",
    "conazole",
    "prazole",
    "nidazole",
    "dipine",
    "gliptin",
    "gliflozin",
    "glutide",
    "xaban",
    "vir",
    "semide",
    "thiazide",
    "zepam",
    "zolam",
    "dronate",
    "platin",
    "taxel",
    "rubicin",
    "limus",
    "triptan",
    "setron",
    "grel",
    "barbital",
    "caine",
    "profen",
    "fibrate",
    "glitazone",
    "oxetine",
    "coxib",
    "parin",
    "plase",
]
