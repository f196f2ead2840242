"""What the sample shop sells and what its customers are called: plain lists, no decisions.

Prices are (hryvnias, euros). Phone numbers and addresses are built in demo/shop.py from ranges that nobody answers.
"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    item_id: str
    name: str
    category: str
    prices: dict[str, Decimal]


_CATALOGUE = [
    ("Чайник електричний «Дніпро»", "kitchen", "1290.00", "29.90"),
    ("Кавоварка гейзерна", "kitchen", "949.50", "21.95"),
    ("Набір ножів", "kitchen", "1799.00", "41.50"),
    ("Дошка для нарізання", "kitchen", "345.00", "7.99"),
    ("Каструля 5 л", "kitchen", "1520.00", "34.90"),
    ("Сковорода 28 см", "kitchen", "1135.75", "25.95"),
    ("Ліхтар кемпінговий", "outdoor", "655.00", "14.90"),
    ("Намет двомісний", "outdoor", "5490.00", "124.00"),
    ("Спальний мішок", "outdoor", "2380.00", "54.50"),
    ("Термос 1 л", "outdoor", "899.00", "19.99"),
    ("Рюкзак 40 л", "outdoor", "3150.00", "72.00"),
    ("Навушники бездротові", "devices", "2499.00", "57.90"),
    ("Повербанк 20000", "devices", "1349.00", "30.95"),
    ("Зарядний пристрій 65 Вт", "devices", "1090.00", "24.90"),
    ("Колонка портативна", "devices", "1875.25", "42.90"),
    ("Годинник розумний", "devices", "4299.00", "98.50"),
    ("Клавіатура механічна", "devices", "3690.00", "84.90"),
    ("Миша бездротова", "devices", "780.00", "17.95"),
    ("Лампа настільна", "home", "1240.00", "28.50"),
    ("Плед вовняний", "home", "1650.00", "37.90"),
    ("Рушник махровий", "home", "420.00", "9.50"),
    ("Постіль двоспальна", "home", "2290.00", "52.90"),
    ("Свічка соєва", "home", "285.00", "6.49"),
    ("Ваза керамічна", "home", "815.00", "18.90"),
    ("Книга «Рецепти Карпат»", "books", "460.00", "11.00"),
    ("Атлас світу", "books", "990.00", "22.50"),
    ("Щоденник", "books", "310.00", "7.20"),
    ("Подарункова листівка", "gifts", "500.00", "12.00"),
]

PRODUCTS = [
    Product(
        item_id=str(200600 + number),
        name=name,
        category=category,
        prices={"UAH": Decimal(hryvnias), "EUR": Decimal(euros)},
    )
    for number, (name, category, hryvnias, euros) in enumerate(_CATALOGUE)
]

# (as written, as it stands in an address)
FIRST_NAMES = {
    "UAH": [
        ("Олена", "olena"), ("Андрій", "andrii"), ("Марія", "mariia"), ("Тарас", "taras"), ("Ірина", "iryna"),
        ("Богдан", "bohdan"), ("Софія", "sofiia"), ("Максим", "maksym"), ("Юлія", "yuliia"), ("Назар", "nazar"),
        ("Оксана", "oksana"), ("Дмитро", "dmytro"), ("Катерина", "kateryna"), ("Ярослав", "yaroslav"),
    ],
    "EUR": [
        ("Anna", "anna"), ("Piotr", "piotr"), ("Zofia", "zofia"), ("Łukasz", "lukasz"), ("Ewa", "ewa"),
        ("Jürgen", "juergen"), ("Maja", "maja"), ("Tomáš", "tomas"), ("Inés", "ines"), ("Søren", "soeren"),
    ],
}  # fmt: skip
LAST_NAMES = {
    "UAH": [
        ("Коваленко", "kovalenko"), ("Шевчук", "shevchuk"), ("Бондар", "bondar"), ("Мельник", "melnyk"),
        ("Ткаченко", "tkachenko"), ("Кравець", "kravets"), ("Олійник", "oliinyk"), ("Савчук", "savchuk"),
        ("Поліщук", "polishchuk"), ("Гончар", "honchar"), ("Лисенко", "lysenko"), ("Мороз", "moroz"),
    ],
    "EUR": [
        ("Nowak", "nowak"), ("Wiśniewska", "wisniewska"), ("Müller", "mueller"), ("Novák", "novak"),
        ("García", "garcia"), ("Jensen", "jensen"), ("Zając", "zajac"), ("Kaczmarek", "kaczmarek"),
    ],
}  # fmt: skip
CITIES = ["Київ", "Львів", "Одеса", "Дніпро", "Харків", "Полтава"]
