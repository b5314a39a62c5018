"""Labels that mean the same in ordinary business documents."""

from __future__ import annotations

#: One row per meaning, rows between blank lines, phrases between bars. The first phrase of a row means that row alone;
#: another may stand in several rows, as "VAT" does, which heads an amount, a rate and a registration number.
SAME = """\
company | issuer | seller | supplier | vendor | merchant | shop | store | from | issued by | bill
from | sold by | service provider | provider | lieferant | leverancier

customer | buyer | client | bill to | billed to | invoice to | invoiced to | sold to | bill to
address | customer name | recipient | kunde | klant

invoice number | invoice | bill number | factuurnummer | rechnungsnummer | number | document number

issue date | invoice date | date | date of issue | issued | issued on | factuurdatum |
rechnungsdatum | dated

due date | payment due | due | pay by | due by | payment due date | vervaldatum | payable by | due
on

delivery address | ship to | deliver to | shipping address | delivery to

delivery date | date of supply | supply date | service date | date of delivery | delivered on |
leistungsdatum

total | grand total | amount due | total due | balance due | total amount due | amount payable |
total payable | amount | total amount | invoice total | totaal | gesamtbetrag | amount paid | nett
total | net total | to pay | total incl tax | total incl vat
| total inclusive | total incl gst | total inclusive gst | total sales | total sales incl gst | rounded total
| total sales inclusive gst | total rounded | total amount rounded | total after rounding | total inclusive tax

subtotal | net amount | net | amount untaxed | total before tax | net total | total net | total excl
vat | exclusief btw | subtotaal | nettobetrag | zwischensumme | untaxed amount | total excluding gst
| net subtotal

tax | vat | gst | sales tax | total tax | tax amount | vat amount | btw | mwst | tva | total vat |
hst

tax id | vat number | vat registration number | vat id | vat registration | gst number | gst id |
gst registration number | btw | tax number | vat | ust idnr | tin | ein | abn | btw number | tax
registration

registration number | company number | company registration number | registered number |
registration

quantity | units | hours | aantal | menge | count | pcs

unit price | price | rate | price per unit | u price | each | prijs per stuk | einzelpreis | unit
cost | cost

amount | line total | total | total price | sum | betrag | bedrag | net amount | line amount | total
amount | extended price | price

description | item | product | service | article | particulars | details | artikel | beschreibung |
name | task | goods | bezeichnung

item code | sku | item number | code | article number | product code | article | part number | item

tax rate | vat rate | vat percent | tax percent | vat | tax | gst | rate vat

purchase order | po | po number | order number | customer reference | purchase order number | order
| reference

phone | cell | phone number | contact number | call

email | mail | email address

url | website | web | homepage | link | site

link | website | profile | web | linkedin | github | homepage | portfolio | url

address | registered office | postal address | street address

location | city | place | based in | residence | address

receipt number | receipt | bill number | transaction number | transaction | check number | ticket
number | ticket | trans number | order number | document number

payment method | paid by | paid | payment | payment mode | tender | method of payment | paid with | card

payment terms | terms | payment | terms of payment | payment term

tip | gratuity | service charge

experience | work experience | employment | employment history | professional experience | career
history | work history | career

education | academic background | education and training | qualifications | studies

skills | key skills | technical skills | core skills | competences | core competencies

language | language skills | spoken languages

summary | profile | about me | objective | personal statement | about | professional summary |
personal profile

certification | certificates | licences | certifications and licences | certifications and training
| licenses and certifications | certificates and licences

keyword | key words | index terms | subject terms

author | written by | by

contact | corresponding author | correspondence | contact email | contact author

venue | journal | conference | published in | container | proceedings | booktitle

published | publication date | published online | date of publication | date published

received | submitted | date received

license | licence | copyright licence

funding | funding statement | acknowledgement | financial support | funded by

repository | code availability | data availability | code | code and data | source code | data and
code

effective date | commencement date | start date | agreement date | date of agreement | commencement
| dated

expiry date | end date | expiration date | expiry | expires on | valid until

term | duration | initial term | term of agreement | contract term | period

renewal | automatic renewal | extension

termination notice | notice period | notice | termination | notice of termination

governing law | applicable law | law | choice of law

jurisdiction | dispute | dispute resolution | court | place of jurisdiction

contract value | fee | price | total fee | contract price | total price | contract sum | value |
charges

liability cap | limitation of liability | liability | limit of liability

confidentiality period | confidentiality | duration of confidentiality

party | between | contracting party

reference | contract number | agreement number | contract reference | our reference

employer | company | organization

degree | qualification | award

institution | university | school | college

grade | result | honours | gpa | final grade

level | proficiency | fluency

zip | postcode | postal code | zip code

start | start date | from | begin

end | end date | to | until | finish

bic | swift | bic swift | swift code | swift bic

iban | account | bank account | account number

name | full name
"""
