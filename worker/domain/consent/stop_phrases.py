"""Words and phrases by which people say that they want no more texts, as data, in the languages we ship.

Written as people write them, in lower case; they are compared without accents and marks. Source of those that
carriers and Twilio know: https://help.twilio.com/articles/223134027
"""


def _split(words: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in words.replace("\n", ",").split(",") if one.strip())


# Alone they are a wish: the whole message, but for words of courtesy.
KEYWORDS = _split("""
    cancel, end, quit, revoke, remove, delete, off, block, blocked, reported, wrong, stp, sotp
    stpo, tsop
    stoip, dtop, cancelar, baja, alto, detener, detenga, nomas, para, parar, pare, paren, equivocado
    equivocada, eliminar, borrar, quitar, salir, ya basta, ende, schluss, ruhe, aufhoeren, loeschen
    kuendigen, stoppen, aufhören, beenden, kündigen, löschen, austragen, genug, arrêt, arrêter, fin
    supprimer, résilier, ferma, fermati, fermatevi, annulla, cancella, cancellami, fermare, sair, cancela
    chega, ophouden, genoeg, rezygnuję, wypisz, koniec, iptal, dur, slut, sluta, avsluta, lopeta, стоп
    хватит, отмена, 退订, 取消, 停止, 停, 停止配信, 配信停止, 解除, やめて, 수신거부, 중지, 그만, توقف
    إيقاف, إلغاء, dừng, hủy, td, parem, cancele, cancelen, cancelem, cessem, cesen, widerruf, widerspruch
    bezwaar, sprzeciw, отказ, отказываюсь, lopettakaa, avregistrera, istemiyorum, yeter, توقفوا, كفى
    từ chối, ngừng, halt, stoppa, stans, הסר, הסירו, הפסיקו, בטל, διακοπή, στοπ, zrušit, leállítás
    dezabonare, berhenti, tama na, ยกเลิก, หยุด, बंद, disable, deactivate, mute, turn off, unwanted, junk
    scam, scammer, deceased, fu, stahp, unscribe, anular, nervt, raus, unterlassen, unterlassung, afmeld
    avmeld, отписка, huwag na, ayoko na, 打错了, stoppez, annuler, annulez, retrait, retirer, entfernen
    austragung, kündigung, gekündigt, detente, peruuta, durdurun, çikiş, ret, 中止, 中止して, وقف
    dừng lại, tigil, itigil, ihinto, ayaw ko, תפסיק, הפסק, end sms, quit sms
""")

# Alone, after any other beginning or in a sentence of their own; nobody means anything else.
STRONG = _split("""
    stop, stopp, stop all, stopall, stop sms, stop now, stop text, stop texts, stop to all, stop to end
    stop 2 end, unsubscribe, unsub, optout, opt out, opting out, dnc, abmelden, abbestellen, afmelden
    uitschrijven, desist, darse de baja, dar de baja, darme de baja, dame de baja, désabonner, désinscription
    désabonnement, disiscrivimi, descadastrar, basta, enough, spam
""")

# What may stand before a wish, or after it, and changes nothing.
COURTESY = _split("""
    please, pls, plz, pleas, kindly, just, hi, hello, hey, ok, okay, sorry, thanks, thank you, thx, ty
    now, asap, sir, maam, can you, could you, would you, will you, right now, at once, immediately, today
    again, already, me, bitte, danke, sofort, jetzt, por favor, gracias, ya, s'il vous plaît
    s il vous plaît, svp, stp, merci, per favore, grazie, alstublieft, aub, graag, obrigado, obrigada, hallo
    hola, bonjour, ciao, proszę, tack, пожалуйста, lütfen, من فضلك, لو سمحت, رجاء, الرجاء, أرجو, أرجوك
    شكرا, xin, vui lòng, làm ơn, cảm ơn
""")
OPENINGS = _split("""
    yes, yeah, yep, no, nope, nah, no thanks, no thank you, si, sí, ja, nein, nein danke, oui, non, sim
    não, nee, i said, i told you, i told you to, i asked you to, as i said, text, reply, replying
    and, so
    but, then, again i say, you need to, you must, you have to, u need to, i need you to, i want you to
    i would like you to, i need to, id like you to, i want to, i would like to, id like to, i wish to
    i am going to, how do i, how to, how can i, what part of, for the last time, once again, seriously
    dude, bro, man, lady, omg, wtf, um, uh, good morning, guten tag, buenos días, who is this, whos this
    who are you, idk who this is, idk who this is but, hiermit, i hereby, herewith, par la présente
""")

# A sentence that begins with one of these is a wish, whatever follows; * stands for the end of a word.
BEGINNINGS = _split("""
    entfernen sie mich, entfernt mich, hört bitte auf, hören sie bitte auf, hör bitte auf, não enviar
    ferma tutto, leave me the, lv me alone, bug off, not my number, i do not know you, i dont know you
    dnt txt*, dont txt*, do not txt*, dnt text*, turn this off, turn off notif*, turn off text*
    turn off messag*, report spam, this is a scam, thats a scam, gdpr*, dsgvo*, no mensajes
    no soy esa persona, anular suscripc*, desuscr*, date de baja
    deme de baja, denme de baja, keine nachricht, falsch verbunden, ich kündige, das nervt, lass das
    lasst das, werbung verboten, erreur de numéro, niente più mess*, niente più sms, zły numer, fel nummer
    ikke flere, poistakaa num*, не беспокоить, ошиблись номером, bana mesaj atm*, numarami sil*
    yanliş numara, beni rahat birak*, wag na*, huwag na*
    remove my, remove this number, get rid of, forget my number, erase my, erase me, drop my number
    take my name, take me out, take us out, discontinue*, why do you keep, why are you texting
    why are you calling, no longer wish, no longer want, no longer need, no longer interested, dont want*
    do not want*, wrong nbr, wrong num*, remove us, remove from, remove number, take this number
    take us off, delete my, delete me, delete this number, delete number, lose my, lose this number
    block this, block my, leave me be, quit it, no text*, no sms*, no messages, get me off, get me out
    stop, stopp, stop2*, stopall*, no more, no further, dont ever, do not ever, not interested
    im not interested, i am not interested, we are not interested, were not interested, never interested
    i want out, i want off, i dont want, i do not want, we dont want, we do not want, i no longer
    we no longer, dont need this, i dont need these, dont send, do not send, dont text, do not text
    dont message, do not message, dont contact, do not contact, dont call, do not call, dont write
    do not write, do not disturb, dont bother me, do not bother, never contact, never text, never call
    never message, never again, quit texting, quit sending, quit calling, quit messaging, quit bother*
    quit spam*, knock it off, cut it out, i said no, reported as spam, please remove, הסירו אותי*
    הסר אותי*, תסירו*, תפסיקו*, אל תשלח*, μη στέλν*, μην στέλν*, μη μου στέλν*, διαγράψτε*, nu mai trimit*
    nu ma mai*, nepište*, neposílejte*, nezasílejte*, ne küldj*, jangan kirim*, jangan hubungi*
    cease, end this, end these, end all, end texts, end messages, end subscription
    end my subscription, cancel this, cancel these, cancel all, cancel my subscription
    cancel subscription, cancel text*, cancel messag*, cancel sms, cancel notif*, cancel alert*
    enough of
    enough already, enough is enough, enough with, enough texts, enough messages, spam, this is spam
    thats spam, this is harassment, fuck off, fuck you, f off, piss off, go away, get lost, buzz off
    bugger off, screw you, go to hell, stfu, shut up, eff off, blocking you, im blocking, i am blocking
    im reporting, i am reporting, i will report, ill report, reporting you, opt me, opt us, opt my
    opt this, optout

    no más, no mas, ya no, ya basta, dejen de, deje de, deja de, dejad de, dejar de, déjame en paz
    déjenme, no me escriba*, no me mande*, no me envíe*, no me llame*, no me contacte*, no me moleste*
    no me texte*, no me sigas, no me sigan, no me vuelva*, no me hable*, no me busque*, no me jod*
    no me ponga*, no me incluy*, no quiero, no queremos, no deseo, no envi*, no mand*, no escrib*
    no llamar, no llame*, no molest*, no contacte*, no estoy interesad*, no me interesa, bórrame, borre*
    quíta*, quiten*, quite mi, quite me, quitar mi, elimíname, elimine*, sáquenme, sácame
    quiero darme de baja, quiero cancelar, quiero salir, quiero que dejen, número equivocado, cancelen
    pare de, paren de, basta de, detenga*, suspenda*, quiero ser removid*

    keine weiteren, keine sms, keine nachrichten, keine werbung, keine anrufe, keine mails, keine texte
    nicht mehr, nie wieder, nie mehr, hört auf, hören sie auf, hör auf, hoert auf, hoeren sie auf
    hoer auf, loesch*, hörn sie auf, lassen sie mich, lasst mich, lass mich, löschen sie, löscht mich
    lösche meine, lösch meine, nehmen sie mich, nehmt mich, streichen sie mich, tragen sie mich
    melden sie mich ab, meldet mich ab, melde mich ab, meld mich ab, nummer löschen, meine nummer löschen
    meine nummer bitte löschen, ich möchte keine, ich will keine, ich will das nicht*
    ich möchte das nicht*, ich möchte nicht mehr, ich will nicht mehr, ich möchte mich abmelden
    ich will mich abmelden, kein interesse, ich habe kein interesse, kein bedarf, falsche nummer
    bitte nicht mehr, schreiben sie mir nicht, schreibt mir nicht, schreib mir nicht, rufen sie nicht
    ruft nicht, nicht anrufen, nicht schreiben, schluss mit, genug davon, verschwinde*
    schicken sie mir keine, senden sie mir keine, schickt mir keine, unterlassen sie, abmeldung
    abbestell*

    arrêtez, arrête, ne me, ne m'appel*, ne m'envoy*, ne m'écri*, ne m'import*, ne plus, plus de sms
    plus de message*, plus de texto*, plus de pub*, plus d'appel*, plus de mail*, plus jamais, désabonnez
    désinscri*, désabonne*, retirez, retire moi, supprimez, supprime, effacez, je ne veux plus
    je veux plus, je ne souhaite plus, je souhaite me désabonner, je veux me désabonner
    je ne suis pas intéress*, je suis pas intéress*, pas intéress*, laissez moi, laisse moi
    fichez moi la paix, foutez moi la paix, cessez, mauvais numéro, vous vous trompez de numéro
    faux numéro, enlevez, stop pub, n'envoyez plus, j'en ai marre, j'en ai assez, n'écrivez plus
    n'appelez plus

    parem de, pare com, não me mand*, não me envi*, não me contat*, não me ligue*, não me perturb*
    não me incomod*, não me escrev*, não me interessa*, não me chame*, não me chatei*, não quero
    não envie*, não mande*, não perturbe, não tenho interesse, remova*, remover, me tire, me tira
    me remova, me exclua, exclua, excluir, deixe me em paz, me deixe em paz, me deixa em paz
    número errado, chega de, quero sair, quero cancelar, cancelar inscrição, desinscrever, cancelem

    non contatt*, non voglio, non vogliamo, non mandate*, non inviate*, non scriv*, non chiam*
    non disturb*, non sono interessat*, non mi contatt*, non mi scriv*, non mi mand*, non mi invi*
    non mi chiam*, non mi disturb*, non mi romp*, non mi interess*, non mi cerc*, cancellate
    cancella il mio, rimuov*, smett*, toglietemi, toglimi, togliete, cancellami, cancellatemi, lasciatemi
    lasciami, numero sbagliato, basta con, basta messaggi, basta sms, disiscri*, voglio cancellarmi

    stop met, geen sms, geen bericht*, ik wil dit niet*, haal mij, geen interesse, geen reclame, haal me
    haal mijn, verwijder*, ik wil geen, ik wil niet meer, laat me met rust, hou op, houd op
    verkeerd nummer, schrijf me uit, schrijf mij uit, niet meer, nooit meer, meld me af, val me niet

    nie chcę, nie pisz*, nie dzwo*, nie wysyłaj*, proszę nie, przestań*, usuń*, wypis*, не пишите
    не звоните, не присылайте, не хочу, отпиши*, отписа*, удалите, прекратите, отстаньте, sluta skicka
    ta bort mig, inte intresserad, mesaj atmay*, beni aramay*, больше не пиш*, больше не звон*
    больше не присыл*, хватит*, перестаньте*, остановите*, не беспокойте*, не отправляйте*
    не надо писать
    не надо звонить, отключите*, уберите*, sluta sms*, sluta ring*, sluta kontakt*, skicka inte*
    ring inte*, inga fler*, kontakta mig inte, avregistrera*, avsluta prenumeration*, lopettakaa*
    lopeta viest*, älkää lähettä*, älkää soitta*, älä lähetä*, älä soita*, en halua viest*, poista minut
    peru tilaus*, mesaj gönderme*, mesaj istemi*, artik yazma*, artik mesaj*, artik gönderme*, aramayin*
    bir daha ara*, bir daha yaz*, bir daha mesaj*, rahatsiz etme*, aboneliği iptal
    aboneliğimi iptal, abonelikten çik*
    đừng gửi*, đừng nhắn*, đừng gọi*, đừng liên lạc*, không gửi nữa, không nhắn nữa, không gọi nữa
    không muốn nhận*, ngừng gửi*, ngừng nhắn*, ngừng gọi*, ngưng gửi*, hủy đăng ký*, huỷ đăng ký*

    لا ترسل*, لا تراسل*, لا تتصل*, لا تبعت*, ما ترسل*, لا تزعج*, لا أريد رسا*, لا أريد الرسا*
    لا أريد المزيد*, لا أريد مزيد*, لا أريد أي رسا*, لا أريد استقبال*, لا أريد تلقي*, لا أريد اتصال*
    لا أرغب*, لست مهتم*, غير مهتم*, توقف عن*, توقفوا عن*, أوقف*, إيقاف الرسا*, إيقاف الإشعار*
    عدم إرسال*, عدم الإرسال, عدم مراسل*, عدم الاتصال*, عدم التواصل*, عدم الإزعاج, احذف رقم*, احذفوا رقم*
    احذفني, احذفوني, أزل رقم*, أزيلوا رقم*, ألغ اشتراك*, ألغوا اشتراك*, سحب الموافقة, أسحب موافق*

    revoke my, revoke all, revoke permission, revoking, withdraw my consent, withdraw consent, no consent
    ich widerrufe*, ich widerspreche*, widerrufe*, widersprech*, widerruf der*, widerruf meine*
    widerspruch gegen*, ich ziehe meine einwilligung*, ich nehme meine einwilligung*, ich untersage*
    ich verbiete*, mettez fin à, mettez fin aux, mettre fin à, mettre fin aux, mettez un terme*
    je révoque*, je m'oppose*, je ne consens*
    résiliez*, je retire mon accord, revoco*, revogo*, no autorizo*, no consiento*, não autorizo*
    não consinto*, me opongo*, me oponho*, oponho me, mi oppongo*, non autorizzo*, non acconsento*
    cesen de, cese de, cessem de, ik maak bezwaar*, ik heb bezwaar*, geen toestemming*, wycofuję*, cofam*
    odwołuję*, nie wyrażam*, wnoszę sprzeciw*, zgłaszam sprzeciw*, отзываю*, отзыв согласия
    återkall*, jag återkall*, onayimi geri*, iznimi geri*
""")

# A message that has one of these anywhere is a wish.
ANYWHERE = _split("""
    passed away, is deceased, he is dead, she is dead, hes dead, shes dead, he died, she died, husband died
    wife died, mother died, father died, verstorben, falleció, fallecid*, décédé*, overleden, è decedut*
    faleceu, didnt ask for, did not ask for, my data deleted
    unsub*, unsus*, opt out, optout, opt me out, opted out, opting out, remove me, take me off
    take my number off, remove my number, delete my number, off your list, off this list, off the list
    from your list, from this list, from your system, from all lists, de la lista, de su lista
    dalla lista, da lista, de votre liste, de la liste, aus dem verteiler, aus der liste, von der liste
    van de lijst, uit de lijst, never signed up, didnt sign up, did not sign up, never subscribed
    didnt subscribe, never asked for, gave you my number, get my number, got my number, désinscri*
    ne plus me, ne plus m'*, descadastr*, disiscri*, stop text*, stop send*, stop messaging
    stop contacting, stop calling, stop spamming, stop harassing, stop bothering, stop emailing
    quit texting, leave me alone, wrong number, wrong person, wrong phone, do not text, dont text
    do not contact, dont contact, do not message, do not call list, dont message, no more text*
    no more messag*, no more sms, dejen de, darme de baja, dar de baja, número equivocado, déjenme en paz
    déjame en paz, hören sie auf, hört auf, falsche nummer, keine weiteren, nicht mehr kontaktieren
    keine nachrichten mehr, keine sms mehr, désabonne*, ne me contactez plus, laissez moi tranquille
    mauvais numéro, pare de me, numero sbagliato, não me mande, laat me met rust

    revoke consent, revoke my consent, revoke all consent, revoking my consent, revoking consent
    withdraw my consent, withdraw consent, withdrawing my consent, withdrawing consent, consent revoked
    consent withdrawn, consent is revoked, consent is withdrawn, do not consent, dont consent
    never consented, never gave consent, never gave you consent, without my consent, not have my consent
    dont have my consent, have no consent, i object to, widerrufe ich, widerspreche ich, widerrufe meine*
    widerrufe hiermit, widerspreche hiermit, widerspreche der*, einwilligung widerruf*
    einwilligung zurück*, cancelar mi suscripc*, cancele mi suscripc*, cancela mi suscripc*
    cancelen mi suscripc*, cancelar suscripc*, cancelar la suscripc*, cancele la suscripc*
    anular mi suscripc*, anule mi suscripc*, retiro mi consent*, retirar mi consent*, retiro el consent*
    revocar mi consent*, cancele minha inscri*, cancele minha assin*, cancelar minha inscri*
    cancelar minha assin*, cancela minha inscri*, cancela minha assin*, cancelem minha inscri*
    cancele meu cadastro, retiro meu consent*, retiro o consent*, retiro o meu consent*
    retirar meu consent*, retire mon consent*, retirer mon consent*, retrait de mon consent*
    révoquer mon consent*, annulez mon abonnement, annuler mon abonnement, résilier mon abonnement
    résilie mon abonnement, ritiro il consens*, ritiro il mio consens*, annulla la mia iscri*
    annullate la mia iscri*, annulla iscri*, annulla l'iscri*, annullare l'iscri*, trek mijn toestemming*
    toestemming intrekken, toestemming ingetrokken, trek de toestemming*, abonnement opzeg*
    إلغاء الاشتراك*, إلغاء اشتراك*
""")

# What begins like a wish, or has one in it, and is none: a clear case only, for a doubt is a wish.
OTHERS = _split("""
    stop by, stop in, stop at, stop on, stop over*, stop light, stop sign, stop watch, stop for lunch
    stop for gas, stop for dinner, stop there, stop codon, stop and shop, stop is, stop near, stop off
    stop between, stop before, stop after, stop taking, stop eating, stop smoking, stop drinking
    das nervt nicht, stop number, stop street, stop ou, enough time, enough money, enough said, enough info*
    no more questions, no more than, no more news, no further questions, ya no tengo preguntas
    ya no tengo dudas, ya no hace falta, ya no puedo ir, ya no voy, ne me remerciez, ne me souviens
    non mi chiamo, basta un, basta una, basta che, basta con llamar, spam filter, spam folder, spam box
    end of, end date, cancel my appointment, no quiero cancelar, no quiero perder
    i no longer need a ride
    i no longer live, i no longer work, i no longer have the, i dont want to be late, i dont want to miss
    i dont want to cancel, i dont want to lose, i do not want to cancel, i do not want to miss
    i do not want to be late, i do not want to lose, ich will keine umstände, reported to work
    cease fire
    remove my card, delete my card, remove my old, delete my old, take this number as, dont stop
    do not stop, never stop, dont unsubscribe, do not unsubscribe, dont remove me, do not remove me
    dont opt, do not opt, cant stop, cannot stop, non stop, did not unsubscribe, didnt unsubscribe
    not unsubscribe, not opt out, dont take me off, do not take me off, no cancele*, no cancela*
    no anule*
    não cancele*, não cancela*, não quero cancelar, ich widerspreche ihnen nicht
    ich widerspreche dem nicht
    ich widerspreche nicht, do not revoke, dont revoke, do not withdraw, dont withdraw, not revoke
    not withdraw, no revoco, non revoco, ne retire pas, لا أريد إلغاء*, хватит ли, хватит времени
""")

# In writing without spaces, or with few, a wish is found wherever it stands, but beside one of the others.
UNSPACED = _split("""
    やめてください, やめて下さい, やめてほしい, やめてもらえ, 止めてください, 止めて下さい, 停止してください
    停止して下さい, 停止お願い, 停止をお願い, 停止希望, 停止を希望, 配信停止, 配信を停止, 送らないで
    送信しないで, 送ってこないで, 連絡しないで, 連絡してこないで, 電話しないで, 電話をしないで
    電話をかけないで, かけてこないで, メールしないで, メールをしないで, メールはいりません, メール不要
    もういりません, もういらない, 登録解除, 登録を解除, 解約し, 退会し, 退会希望, 迷惑です
    同意を撤回, 同意撤回

    不要再发, 别再发, 不要再發, 別再發, 不要再传, 别再传, 不要再傳, 別再傳, 不要再打, 别再打, 別再打
    不要再联系, 别再联系, 不要再聯絡, 別再聯絡, 不要再寄, 别再寄, 別再寄, 不要再给我, 别再给我, 不要再給我
    別再給我, 不要给我发, 别给我发, 不要給我發, 別給我發, 不要给我打, 别给我打, 不要发短信, 别发短信
    不要发了, 别发了, 不要發了, 別發了, 别打了, 勿再发, 勿再發, 勿再打, 勿再联系, 请勿发, 請勿發
    停止发送, 停止發送, 停止传送, 停止傳送, 停止发短信, 退订, 退訂, 取消订阅, 取消訂閱, 拒收, 别烦我
    別煩我, 不要烦我, 不要骚扰, 别骚扰, 不要騷擾, 別騷擾, 不想收到, 不想再收, 不再接收, 不要打电话
    不要打電話, 别打电话, 別打電話, 撤回同意, 撤销同意, 撤銷同意, 把我移除, 把我删除, 把我刪除

    그만보내, 보내지마, 보내지말, 연락하지마, 연락하지말, 전화하지마, 전화하지말, 문자하지마, 문자그만
    그만하세요, 그만해주세요, 수신거부, 수신을거부, 구독취소, 구독해지, 수신중지, 중지해주세요, 중단해주세요
    받고싶지않, 동의철회, 동의를철회
""")
UNSPACED_OTHERS = _split("""
    停止しないで, 解除しないで, 不要退订, 不要退訂, 别退订, 不想退订, 不退订, 不要取消订阅, 不要取消訂閱
    不想取消订阅, 发烧, 發燒, 发炎, 發炎
""")

# Before "stop", as the last word, these make it a place or something that goes on.
PLACES = _split("""
    bus, train, tram, metro, last, next, first, second, final, my, the, a, your, our, one, pit, truck
    rest, non, full, which, what, this, that, wont, cant, cannot, didnt, doesnt, dont, not, never, each
    every, any, another
""")

START_WORDS = _split("start, unstop, restart, resubscribe, subscribe")
HELP_WORDS = _split("help, info, hilfe, ayuda, aide, aiuto, ajuda")

# Signs that say it without a word.
SIGNS = {"🛑": " stop ", "🚫": " stop ", "⛔": " stop ", "🖕": " stop ", "🔕": " stop "}
